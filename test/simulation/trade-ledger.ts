import type { AnyRecord, SymbolConfig } from '../../schemas/generated/records.ts';

/**
 * What people own, folded from trades, fees and transfers alone: a third opinion beside the two exchanges, which knows
 * nothing of orders and holds. Amounts by `account/asset`.
 */
export class TradeLedger {
  readonly amounts = new Map<string, bigint>();
  private readonly symbols = new Map<number, SymbolConfig>();

  apply(record: AnyRecord): void {
    switch (record.type) {
      case 'symbol_config':
        this.symbols.set(record.symbol, record);
        break;
      case 'balance_change':
        this.add(record.account, record.asset, BigInt(record.amount));
        break;
      case 'trade': {
        const config = this.symbols.get(record.symbol);
        if (config === undefined) throw new Error(`a trade of symbol ${record.symbol}, which has no rules`);
        const base = BigInt(record.quantityLots) * BigInt(config.baseUnitsPerLot);
        const quote = BigInt(record.priceTicks) * BigInt(record.quantityLots) * BigInt(config.quoteUnitsPerTickLot);
        const takerBuys = record.takerSide === 'buy';
        const buyer = takerBuys ? record.takerAccount : record.makerAccount;
        const seller = takerBuys ? record.makerAccount : record.takerAccount;
        this.add(buyer, config.baseAsset, base);
        this.add(buyer, config.quoteAsset, -quote);
        this.add(seller, config.baseAsset, -base);
        this.add(seller, config.quoteAsset, quote);
        break;
      }
      case 'fill':
        this.add(record.account, record.feeAsset, -BigInt(record.fee));
        break;
      default:
        break;
    }
  }

  private add(account: number, asset: number, amount: bigint): void {
    const key = `${account}/${asset}`;
    this.amounts.set(key, (this.amounts.get(key) ?? 0n) + amount);
  }
}
