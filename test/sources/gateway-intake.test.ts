import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock } from '../../pipelines/runtime/outside/system-clock.ts';
import type { HeadInput, SourceContext } from '../../pipelines/runtime/ports.ts';
import type { AnyRecord } from '../../schemas/generated/records.ts';
import {
  type ClientCommand,
  type GatewayIntake,
  gatewayIntake,
  type OperatorOrder,
} from '../../sources/gateway-intake.ts';

/** An intake in front of a feed with so many in flight, that takes what `takes` says. */
async function intakeBefore(inFlight: number, takes: (inputs: readonly HeadInput[]) => boolean) {
  const offered: { readonly port: string; readonly types: readonly string[] }[] = [];
  const context = {
    id: 'intake',
    clock: systemClock(),
    feed: {
      inFlight,
      room: async () => {},
      offer(port: string, inputs: readonly HeadInput[]) {
        if (!takes(inputs)) return false;
        offered.push({ port, types: inputs.map(({ record }) => record.type) });
        return true;
      },
    },
  } as unknown as SourceContext<{ commands: ClientCommand; control: OperatorOrder }>;
  return { intake: (await gatewayIntake().open(context)) as GatewayIntake, offered };
}

function inputsOf(...types: readonly string[]): HeadInput[] {
  return types.map((type) => ({ record: { type } as AnyRecord, stampedMicros: 1 }));
}

describe('the intake of a gateway', () => {
  it('offers all at once, in order, while few are in flight', async () => {
    const { intake, offered } = await intakeBefore(0, () => true);
    assert.deepEqual(intake.receive('commands', inputsOf('place', 'cancel', 'place')), []);
    assert.deepEqual(offered, [{ port: 'commands', types: ['place', 'cancel', 'place'] }]);
  });

  it('sheds orders where many wait, and goes on taking cancels in their order', async () => {
    const { intake, offered } = await intakeBefore(20_000, () => true);
    const inputs = inputsOf('place', 'cancel', 'deposit', 'cancel_all', 'amend');
    const refused = intake.receive('commands', inputs);
    assert.deepEqual(refused, [inputs[0], inputs[2], inputs[4]]);
    assert.deepEqual(offered, [{ port: 'commands', types: ['cancel', 'cancel_all'] }]);
  });

  it('takes cancels alone where the disk is full and nothing else is taken', async () => {
    const only = new Set(['cancel', 'cancel_all']);
    const { intake, offered } = await intakeBefore(0, (inputs) => inputs.every(({ record }) => only.has(record.type)));
    const inputs = inputsOf('place', 'cancel');
    assert.deepEqual(intake.receive('commands', inputs), [inputs[0]]);
    assert.deepEqual(offered, [{ port: 'commands', types: ['cancel'] }]);
  });

  it('refuses all where there is no room at all', async () => {
    const { intake } = await intakeBefore(70_000, () => false);
    const inputs = inputsOf('place', 'cancel');
    assert.deepEqual(intake.receive('commands', inputs), inputs);
  });

  it('takes orders of operators while orders of traders are shed', async () => {
    const { intake, offered } = await intakeBefore(20_000, () => true);
    assert.deepEqual(intake.receive('control', inputsOf('admin', 'key_revocation')), []);
    assert.deepEqual(offered, [{ port: 'control', types: ['admin', 'key_revocation'] }]);
  });
});
