/**
 * Where a gateway's commands enter the graph. The queue behind it is bounded, and a full one is said at once. It is shed
 * before it is full, so that those who are in do not wait long: what makes room (cancels, orders of operators) is taken
 * as long as there is any.
 */
import type { HeadInput, Outcome, Source, SourceDefinition } from '../pipelines/runtime/ports.ts';
import type {
  Adjust,
  Admin,
  Amend,
  Cancel,
  CancelAll,
  Deposit,
  FeeConfig,
  KeyRevocation,
  LimitConfig,
  Place,
  Withdraw,
} from '../schemas/generated/records.ts';
import { recordSet } from '../schemas/logs.ts';

export type ClientCommand = Place | Amend | Cancel | CancelAll | Deposit | Withdraw | Adjust;
export type OperatorOrder = Admin | KeyRevocation | LimitConfig | FeeConfig;

/**
 * Commands of all sources in flight above which orders are refused, at the door. At 100,000 a second they wait for
 * 160 ms; nobody who asks then is served better by waiting longer.
 */
const SHED_ABOVE = 16_384;
const CALMING: ReadonlySet<string> = new Set(['cancel', 'cancel_all', 'admin', 'key_revocation']);
const NONE: readonly HeadInput[] = [];

/** The queue is full, or intake is closed: nothing was taken and nothing will happen. */
export class Overloaded extends Error {
  override readonly name = 'Overloaded';
}

export interface GatewayIntake extends Source {
  /** Resolves with all that the command caused once it is durable. Rejects with {@link Overloaded} when it was not taken. */
  submit(command: ClientCommand, traceparent?: string | null): Promise<Outcome>;
  /** The same for an order of an operator. */
  steer(order: OperatorOrder): Promise<Outcome>;
  /** Many at once, all or none; `inputs` carry their own stamps and callbacks. False: no room. */
  offer(inputs: readonly HeadInput[]): boolean;
  receive(port: string, inputs: readonly HeadInput[]): readonly HeadInput[];
  /** Commands taken and not yet durable, of all sources. */
  readonly inFlight: number;
}

export function gatewayIntake(): SourceDefinition<{ commands: ClientCommand; control: OperatorOrder }> {
  return {
    name: 'gateway-intake',
    outputs: {
      commands: recordSet('ClientCommand', [
        'place',
        'amend',
        'cancel',
        'cancel_all',
        'deposit',
        'withdraw',
        'adjust',
      ] as const),
      control: recordSet('OperatorOrder', ['admin', 'key_revocation', 'limit_config', 'fee_config'] as const),
    },
    async open({ feed, clock }) {
      const submit = (
        port: 'commands' | 'control',
        record: ClientCommand | OperatorOrder,
        traceparent: string | null,
      ) =>
        new Promise<Outcome>((resolve, reject) => {
          const input: HeadInput = { record, stampedMicros: clock.nowMicros(), traceparent, done: resolve };
          if (!feed.offer(port, [input])) reject(new Overloaded('the exchange has no room for more commands now'));
        });
      const intake: GatewayIntake = {
        submit: (command, traceparent) => submit('commands', command, traceparent ?? null),
        steer: (order) => submit('control', order, null),
        offer: (inputs) => feed.offer('commands', inputs),
        receive(port, inputs) {
          const into = port === 'control' ? 'control' : 'commands';
          if (feed.inFlight + inputs.length <= SHED_ABOVE && feed.offer(into, inputs)) return NONE;
          const calming = inputs.filter(({ record }) => CALMING.has(record.type));
          if (calming.length === 0 || !feed.offer(into, calming)) return inputs;
          return inputs.filter(({ record }) => !CALMING.has(record.type));
        },
        get inFlight() {
          return feed.inFlight;
        },
        start() {},
        async stop() {},
      };
      return intake;
    },
  };
}
