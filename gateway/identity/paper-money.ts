import type { AccountId, Sequence, SymbolId } from '../../schemas/generated/records.ts';
import type { CommandPort, ViewPort } from '../ports.ts';

/**
 * Gives a new account its paper money: one deposit an asset, through the exchange like any other, under an id that is the
 * same whenever it is tried, so that it is given once. Rejects where the exchange does not take commands now.
 */
export async function givePaperMoney(
  account: AccountId,
  { commands, views }: { readonly commands: CommandPort; readonly views: Pick<ViewPort, 'assets'> },
): Promise<void> {
  for (const { asset, name, paperAmount } of views.assets.values()) {
    if (paperAmount <= 0) continue;
    await commands.submit(
      {
        type: 'deposit',
        symbol: 0 as SymbolId,
        seq: 0 as Sequence,
        account,
        asset,
        amount: paperAmount,
        depositId: `paper:${name}`,
      },
      null,
    );
  }
}
