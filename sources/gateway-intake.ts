/**
 * The door by which a gateway's commands enter the graph. It stamps a command with the time of its arrival, offers it,
 * and answers when what it caused is durable (law 3). The queue behind it is bounded: a full one is said at once.
 */
import type { HeadInput, Outcome, Source, SourceDefinition } from '../pipelines/runtime/ports.ts';
import type {
  Adjust,
  Admin,
  Amend,
  Cancel,
  CancelAll,
  Deposit,
  KeyRevocation,
  Place,
  Withdraw,
} from '../schemas/generated/records.ts';
import { recordSet } from '../schemas/logs.ts';

export type ClientCommand = Place | Amend | Cancel | CancelAll | Deposit | Withdraw | Adjust;
export type OperatorOrder = Admin | KeyRevocation;

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
      control: recordSet('OperatorOrder', ['admin', 'key_revocation'] as const),
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
