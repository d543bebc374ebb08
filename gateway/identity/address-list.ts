import { BlockList, isIP } from 'node:net';

/** A network as `address` or `address/bits`, IPv4 or IPv6; undefined where it is none. */
export function parseNetwork(text: string): { readonly address: string; readonly bits: number } | undefined {
  const [address, bits, more] = text.split('/');
  const family = isIP(address ?? '');
  if (family === 0 || more !== undefined || address!.includes('%')) return undefined;
  const most = family === 4 ? 32 : 128;
  if (bits === undefined) return { address: address!, bits: most };
  if (!/^(0|[1-9]\d{0,2})$/.test(bits) || Number(bits) > most) return undefined;
  return { address: address!, bits: Number(bits) };
}

/** Whether an address lies in one of some networks; an empty list lets all pass. IPv4 inside IPv6 counts as IPv4. */
export class AddressList {
  readonly #networks: BlockList | undefined;

  constructor(networks: readonly string[]) {
    if (networks.length === 0) return;
    this.#networks = new BlockList();
    for (const text of networks) {
      const network = parseNetwork(text);
      if (!network) throw new TypeError(`"${text}" is no network`);
      this.#networks.addSubnet(network.address, network.bits, isIP(network.address) === 4 ? 'ipv4' : 'ipv6');
    }
  }

  includes(address: string): boolean {
    if (!this.#networks) return true;
    const plain = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1] ?? address;
    const family = isIP(plain);
    return family !== 0 && this.#networks.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  }
}
