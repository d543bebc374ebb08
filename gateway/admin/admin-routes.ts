/** What operators may ask. Every order takes a reason, and answers with the sequences at which it took effect. */
import { unitsOfDecimal } from '../../schemas/decimal.ts';
import type { AccountId, AssetConfig, Micros, RatePpm, SymbolId } from '../../schemas/generated/records.ts';
import { formatId, offsetOfPosition } from '../../schemas/ids.ts';
import type { Identity } from '../identity/identity.ts';
import type { StoredUser } from '../identity/identity-store.ts';
import { refusedAs } from '../identity/refused-as.ts';
import { UnavailableError } from '../identity/unavailable.ts';
import type { GatewayParts, Submitted, ViewPort } from '../ports.ts';
import { formatAmount } from '../rest/decimals.ts';
import { RequestRefused } from '../rest/errors.ts';
import { marketNamed } from '../rest/find-market.ts';
import { instantOfMicros } from '../rest/instants.ts';
import { type AnyRoute, ok, type RouteAnswer } from '../rest/route.ts';
import type { Action, ActionLog } from './action-log.ts';
import type { Adjustment, Adjustments, NotDecided } from './adjustments.ts';
import { adminRoute } from './admin-route.ts';
import {
  accountStateBody,
  actionsAnswer,
  actionsQuery,
  adjustmentAnswer,
  adjustmentBody,
  adjustmentParams,
  adjustmentsAnswer,
  adjustmentsQuery,
  auctionBody,
  type EverythingBody,
  everythingBody,
  feesBody,
  limitsBody,
  marketStateBody,
  marketsAnswer,
  orderedAnswer,
  rolesBody,
  userAnswer,
  userParams,
  usersAnswer,
  usersQuery,
} from './admin-shapes.ts';
import { addEffect, type Effect } from './effects.ts';
import type { LagState } from './lag-policy.ts';
import type { OperatorOrders, Target } from './operator-orders.ts';

export interface AdminRouteParts {
  readonly gateway: Pick<GatewayParts, 'views'>;
  readonly identity: Identity;
  readonly orders: OperatorOrders;
  readonly actions: ActionLog;
  readonly adjustments: Adjustments;
  /** Settlement's lag, as it was seen last, and what the policy makes of it. */
  readonly lag: () => { readonly state: LagState | 'off'; readonly settlementMs: number | undefined };
}

const OPS = ['ops', 'admin'] as const;
/** The class that is never refused: a gateway that is too busy to answer is when operators are needed. */
const NEVER_SHED = { class: 'cancel', weight: 1 } as const;
const ACTIONS_SHOWN = 50;
const COMMON = ['unauthenticated', 'forbidden'] as const;
const ORDERED = { 200: { says: 'taken, durable, and where it took effect', body: orderedAnswer } } as const;

export function adminRoutes(parts: AdminRouteParts): readonly AnyRoute[] {
  return [...marketRoutes(parts), ...accountRoutes(parts), ...adjustmentRoutes(parts), ...peopleRoutes(parts)];
}

function marketRoutes({ gateway, orders, lag }: AdminRouteParts): AnyRoute[] {
  const { views } = gateway;
  return [
    adminRoute({
      id: 'adminMarkets',
      method: 'GET',
      path: '/admin/v1/markets',
      summary: 'every market with its state and why; the lag of settlement',
      roles: OPS,
      limit: NEVER_SHED,
      answers: { 200: { says: 'markets', body: marketsAnswer } },
      refusals: COMMON,
      examples: [],
      handle: () => {
        const { state, settlementMs } = lag();
        return ok({
          markets: [...views.markets.values()].map((market) => ({
            symbol: market.config.name,
            state: market.state,
            reason: market.stateReason,
            sequence: formatId(market.seq),
          })),
          lag: { state, settlement_ms: settlementMs === undefined ? null : String(Math.round(settlementMs)) },
        });
      },
    }),
    adminRoute({
      id: 'adminMarketState',
      method: 'POST',
      path: '/admin/v1/market-states',
      summary: 'halt, cancel only, post only, limit only, close, resume: `symbol` or `*`, `state`, `until`, `reason`',
      says: 'A mode (trading, limit_only, post_only, cancel_only) lifts the outermost of closed, halted and auction. `until` ends a halt by itself.',
      roles: OPS,
      limit: NEVER_SHED,
      body: marketStateBody,
      answers: ORDERED,
      refusals: [...COMMON, 'unknown_symbol', 'overloaded'],
      examples: [],
      handle: async ({ principal, body }) => {
        const target = targetOf(body.symbol, views);
        if (body.until !== undefined && body.state !== 'halted') {
          const message = 'Only a halt ends by itself.';
          throw new RequestRefused({ code: 'malformed', message, field: 'until', allowed: 'with state halted' });
        }
        const until = body.until ?? (0 as Micros);
        const because = { requestedBy: principal.userId, reason: body.reason };
        return ordered(await orders.setMarketState(target, body.state, until, because), views);
      },
    }),
    adminRoute({
      id: 'adminAuction',
      method: 'POST',
      path: '/admin/v1/auctions',
      summary: 'open an auction, or uncross it: `symbol` or `*`, `do`, `reason`',
      roles: OPS,
      limit: NEVER_SHED,
      body: auctionBody,
      answers: ORDERED,
      refusals: [...COMMON, 'unknown_symbol', 'overloaded'],
      examples: [],
      handle: async ({ principal, body }) => {
        const target = targetOf(body.symbol, views);
        const because = { requestedBy: principal.userId, reason: body.reason };
        const submitted = body.do === 'open' ? orders.openAuction(target, because) : orders.uncross(target, because);
        return ordered(await submitted, views);
      },
    }),
    adminRoute({
      id: 'adminCancelAll',
      method: 'POST',
      path: '/admin/v1/cancel-all',
      summary:
        'cancel every order: of an `account`, of a `symbol`, of an account on a symbol, or `everything`; `reason`',
      roles: OPS,
      limit: NEVER_SHED,
      body: everythingBody,
      answers: ORDERED,
      refusals: [...COMMON, 'unknown_symbol', 'overloaded'],
      examples: [],
      handle: async ({ principal, body }) => {
        const because = { requestedBy: principal.userId, reason: body.reason };
        return ordered(await orders.cancelAll(everythingOf(body, views), because), views);
      },
    }),
    adminRoute({
      id: 'adminKillSwitch',
      method: 'POST',
      path: '/admin/v1/kill-switch',
      summary: 'halt and cancel: a `symbol`, or `everything`; or suspend an `account` and cancel what it has; `reason`',
      roles: OPS,
      limit: NEVER_SHED,
      body: everythingBody,
      answers: ORDERED,
      refusals: [...COMMON, 'unknown_symbol', 'overloaded'],
      examples: [],
      handle: async ({ principal, body }) => {
        const target = everythingOf(body, views);
        if (target.symbol !== undefined && target.account !== undefined) throw oneTarget();
        const because = { requestedBy: principal.userId, reason: body.reason };
        return ordered(await orders.killSwitch(target, because), views);
      },
    }),
    adminRoute({
      id: 'adminFees',
      method: 'POST',
      path: '/admin/v1/fees',
      summary: 'the next version of a fee schedule: `schedule`, `maker_bps`, `taker_bps`, `fee_asset`, `reason`',
      says: 'Open orders keep the version they were placed under. Write it into pipeline.config.ts as well: a start says so until the file has it.',
      roles: ['admin'],
      limit: NEVER_SHED,
      body: feesBody,
      answers: ORDERED,
      refusals: [...COMMON, 'not_found', 'overloaded'],
      examples: [],
      handle: async ({ principal, body }) => {
        const submitted = await orders.setFees(
          body.schedule,
          { makerPpm: body.maker_bps as RatePpm, takerPpm: body.taker_bps as RatePpm, feeAsset: body.fee_asset },
          { requestedBy: principal.userId, reason: body.reason },
        );
        if (submitted) return ordered(submitted, views, submitted.version);
        const allowed = [...views.fees.keys()].join(', ');
        const message = `There is no fee schedule ${body.schedule}: ${allowed} are.`;
        throw new RequestRefused({ code: 'not_found', message, field: 'schedule', given: body.schedule, allowed });
      },
    }),
  ];
}

function accountRoutes({ gateway, orders, actions }: AdminRouteParts): AnyRoute[] {
  const { views } = gateway;
  return [
    adminRoute({
      id: 'adminAccountState',
      method: 'POST',
      path: '/admin/v1/account-states',
      summary: 'activate, suspend or disable an account: `account`, `state`, `reason`',
      says: 'Suspended: nothing new; its orders stay. Disabled: they are cancelled too.',
      roles: OPS,
      limit: NEVER_SHED,
      body: accountStateBody,
      answers: ORDERED,
      refusals: [...COMMON, 'overloaded'],
      examples: [],
      handle: async ({ principal, body }) => {
        const because = { requestedBy: principal.userId, reason: body.reason };
        return ordered(await orders.setAccountState(body.account as AccountId, body.state, because), views);
      },
    }),
    adminRoute({
      id: 'adminLimits',
      method: 'POST',
      path: '/admin/v1/limits',
      summary:
        'limits of an `account`, or of all that have none of their own (`*`): `open_orders`, `orders_per_second`, `reason`',
      says: '"0" is no limit; of an account, the limit of all. Those of all are the file’s again after a start.',
      roles: OPS,
      limit: NEVER_SHED,
      body: limitsBody,
      answers: ORDERED,
      refusals: [...COMMON, 'overloaded'],
      examples: [],
      handle: async ({ principal, body }) => {
        const limits = { openOrders: body.open_orders, ordersPerSecond: body.orders_per_second };
        const because = { requestedBy: principal.userId, reason: body.reason };
        return ordered(await orders.setLimits(body.account as AccountId, limits, because), views);
      },
    }),
    adminRoute({
      id: 'adminActions',
      method: 'GET',
      path: '/admin/v1/actions',
      summary: 'what operators did: who, when, why, and where it took effect; newest first; `limit` to 200, `before`',
      says: '`whole` is false while the database is away: then only the newest are known here, and the log has all.',
      roles: OPS,
      limit: NEVER_SHED,
      query: actionsQuery,
      answers: { 200: { says: 'actions', body: actionsAnswer } },
      refusals: COMMON,
      examples: [],
      handle: async ({ query }) => {
        const before = query.before ?? Number.MAX_SAFE_INTEGER;
        const { actions: listed, whole } = await actions.list(query.limit ?? ACTIONS_SHOWN, before);
        return ok({ actions: listed.map((action) => actionPayload(action, views)), whole });
      },
    }),
  ];
}

function adjustmentRoutes({ gateway, adjustments }: AdminRouteParts): AnyRoute[] {
  const { views } = gateway;
  const decided = async (work: Promise<Adjustment | NotDecided>): Promise<RouteAnswer> => {
    const result = await answered(() => work);
    if (typeof result !== 'string') return ok(adjustmentPayload(result, views));
    throw new RequestRefused(NOT_DECIDED[result]);
  };
  return [
    adminRoute({
      id: 'adminAdjustments',
      method: 'GET',
      path: '/admin/v1/adjustments',
      summary: 'balance adjustments, newest first; `waiting` for a decision',
      roles: OPS,
      limit: NEVER_SHED,
      query: adjustmentsQuery,
      answers: { 200: { says: 'adjustments', body: adjustmentsAnswer } },
      refusals: [...COMMON, 'unavailable'],
      examples: [],
      handle: async ({ query }) => {
        const listed = await answered(() => adjustments.list(query.waiting === 'true'));
        return ok({ adjustments: listed.map((adjustment) => adjustmentPayload(adjustment, views)) });
      },
    }),
    adminRoute({
      id: 'adminProposeAdjustment',
      method: 'POST',
      path: '/admin/v1/adjustments',
      summary: 'propose to change a balance: `account`, `asset`, `amount` with its sign, `reason`',
      says: 'Nothing moves until another person approves it.',
      roles: OPS,
      limit: NEVER_SHED,
      body: adjustmentBody,
      answers: { 201: { says: 'it waits for another person', body: adjustmentAnswer } },
      refusals: [...COMMON, 'unknown_symbol', 'unavailable'],
      examples: [],
      handle: async ({ principal, body }) => {
        const asset = assetNamed(body.asset, views);
        const amount = signedAmount(body.amount, asset);
        const wanted = { account: body.account, asset: asset.asset, amount, reason: body.reason };
        const proposed = await answered(() => adjustments.propose(wanted, principal.userId));
        return { status: 201, body: adjustmentPayload(proposed, views) };
      },
    }),
    adminRoute({
      id: 'adminApproveAdjustment',
      method: 'POST',
      path: '/admin/v1/adjustments/:adjustment/approve',
      summary: 'approve what another person proposed: the balance changes now',
      says: 'Who proposed it cannot approve it; the database holds that as well.',
      roles: OPS,
      limit: NEVER_SHED,
      params: adjustmentParams,
      answers: { 200: { says: 'done, or what the exchange answered', body: adjustmentAnswer } },
      refusals: [...COMMON, 'not_found', 'conflict', 'unavailable', 'overloaded'],
      examples: [],
      handle: ({ principal, params }) => decided(adjustments.approve(params.adjustment, principal.userId)),
    }),
    adminRoute({
      id: 'adminDeclineAdjustment',
      method: 'POST',
      path: '/admin/v1/adjustments/:adjustment/decline',
      summary: 'decline an adjustment, or take back one’s own proposal',
      roles: OPS,
      limit: NEVER_SHED,
      params: adjustmentParams,
      answers: { 200: { says: 'declined', body: adjustmentAnswer } },
      refusals: [...COMMON, 'not_found', 'conflict', 'unavailable'],
      examples: [],
      handle: ({ principal, params }) => decided(adjustments.decline(params.adjustment, principal.userId)),
    }),
  ];
}

function peopleRoutes({ identity }: AdminRouteParts): AnyRoute[] {
  const store = () => {
    if (!identity.store) throw new UnavailableError('this exchange runs without a database');
    return identity.store;
  };
  return [
    adminRoute({
      id: 'adminUsers',
      method: 'GET',
      path: '/admin/v1/users',
      summary: 'people and their roles, by the beginning of their address: `email`',
      roles: OPS,
      limit: NEVER_SHED,
      query: usersQuery,
      answers: { 200: { says: 'at most 100 people', body: usersAnswer } },
      refusals: [...COMMON, 'unavailable'],
      examples: [],
      handle: async ({ query }) => {
        const users = await answered(() => store().users((query.email ?? '').toLowerCase()));
        return ok({ users: users.map(userPayload) });
      },
    }),
    adminRoute({
      id: 'adminRoles',
      method: 'POST',
      path: '/admin/v1/users/:user/roles',
      summary: 'give a person roles: `roles`, `reason`',
      says: 'Nobody changes his own. In force here at once, at other gateways within a second.',
      roles: ['admin'],
      limit: NEVER_SHED,
      params: userParams,
      body: rolesBody,
      answers: { 200: { says: 'the person', body: userAnswer } },
      refusals: [...COMMON, 'not_found', 'unavailable'],
      examples: [],
      handle: ({ principal, params, body }) =>
        answered(async () => {
          if (params.user === principal.userId) {
            const message = 'Nobody changes his own roles.';
            throw new RequestRefused({ code: 'forbidden', message, field: 'user', allowed: 'another person' });
          }
          const user = (await store().setRoles(params.user, body.roles)) && (await store().userById(params.user));
          if (!user) throw new RequestRefused({ code: 'not_found', message: 'There is no such user.', field: 'user' });
          identity.book.setRoles(user.userId, user.roles);
          return ok(userPayload(user));
        }),
    }),
  ];
}

const NOT_DECIDED = {
  unknown: { code: 'not_found', message: 'There is no such adjustment.', field: 'adjustment' },
  decided: { code: 'conflict', message: 'This adjustment is decided.', field: 'adjustment' },
  own: {
    code: 'forbidden',
    message: 'Who proposed an adjustment cannot approve it.',
    field: 'authorization',
    allowed: 'another person',
  },
} as const;

function targetOf(symbol: string, views: ViewPort): Target {
  return symbol === '*' ? {} : { symbol: marketNamed(symbol, { views }).config.symbol };
}

/** Everything is said, never meant by leaving something out. */
function everythingOf(body: EverythingBody, views: ViewPort): Target {
  const { symbol, account, everything } = body;
  if ((everything === true) === (symbol !== undefined || account !== undefined)) throw oneTarget();
  return {
    ...(symbol === undefined ? {} : { symbol: marketNamed(symbol, { views }).config.symbol }),
    ...(account === undefined ? {} : { account: account as AccountId }),
  };
}

function oneTarget(): RequestRefused {
  const allowed = 'account or symbol, or everything: true';
  const message = `It is not clear what is meant: ${allowed}.`;
  return new RequestRefused({ code: 'malformed', message, field: 'everything', allowed });
}

function ordered({ position, records }: Submitted, views: ViewPort, version?: number): RouteAnswer {
  const effects: Effect[] = [];
  for (const { record } of records) addEffect(effects, record, views);
  return ok({
    control_offset: formatId(offsetOfPosition(position)),
    taken_at: records[0] ? instantOfMicros(records[0].occurredAt) : null,
    effects,
    ...(version === undefined ? {} : { version: formatId(version) }),
  });
}

function actionPayload(action: Action, { markets }: ViewPort) {
  const { position, takenAt, symbol, account, approvedBy } = action;
  return {
    action: action.action,
    taken_at: instantOfMicros(takenAt),
    log: action.action === 'adjust_balance' ? 'commands' : 'control',
    offset: formatId(offsetOfPosition(position)),
    symbol: symbol === 0 ? null : (markets.get(symbol as SymbolId)?.config.name ?? formatId(symbol)),
    account: account === 0 ? null : formatId(account),
    detail: action.detail,
    reason: action.reason,
    requested_by: action.requestedBy,
    approved_by: approvedBy === '' ? null : approvedBy,
    effects: action.effects,
  };
}

function adjustmentPayload(adjustment: Adjustment, { assets }: ViewPort) {
  const asset = assets.get(adjustment.asset as AssetConfig['asset']);
  const { amount, decidedAt, sequence } = adjustment;
  return {
    adjustment_id: adjustment.adjustmentId,
    account: formatId(adjustment.account),
    asset: asset?.name ?? formatId(adjustment.asset),
    amount: asset ? formatAmount(amount, asset) : String(amount),
    reason: adjustment.reason,
    proposed_by: adjustment.proposedBy,
    proposed_at: instantOfMicros(adjustment.proposedAt),
    decision: adjustment.decision,
    decided_by: adjustment.decidedBy,
    decided_at: decidedAt === null ? null : instantOfMicros(decidedAt),
    outcome: adjustment.outcome,
    sequence: sequence === null ? null : formatId(sequence),
  };
}

function userPayload({ userId, email, account, roles }: StoredUser) {
  return { user_id: userId, email, account: formatId(account), roles: [...roles] };
}

function assetNamed(name: string, { assets }: ViewPort): AssetConfig {
  const asset = [...assets.values()].find((each) => each.name === name);
  if (asset) return asset;
  const allowed = [...assets.values()].map((each) => each.name).join(', ');
  const message = `There is no asset ${name}: ${allowed} are.`;
  throw new RequestRefused({ code: 'unknown_symbol', message, field: 'asset', given: name, allowed });
}

function signedAmount(text: string, asset: AssetConfig): number {
  const negative = text.startsWith('-');
  const units = unitsOfDecimal(negative ? text.slice(1) : text, asset.decimals);
  if (typeof units === 'number' && units > 0) return negative ? -units : units;
  const allowed = `not 0, with at most ${asset.decimals} decimals, below 2^53 units`;
  const message = `amount does not fit: ${allowed}.`;
  throw new RequestRefused({ code: 'malformed', message, field: 'amount', given: text, allowed });
}

async function answered<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw refusedAs(error);
  }
}
