import type { AssetConfig } from '../../schemas/generated/records.ts';
import type { ViewPort } from '../ports.ts';
import { RequestRefused } from './errors.ts';

/** The asset of a name, or a refusal that lists those that there are. */
export function assetNamed(name: string, { views }: { readonly views: ViewPort }): AssetConfig {
  const asset = [...views.assets.values()].find((known) => known.name === name);
  if (asset) return asset;
  const allowed = [...views.assets.values()].map((known) => known.name).join(', ');
  const message = `There is no asset ${name}: ${allowed} are.`;
  throw new RequestRefused({ code: 'unknown_symbol', message, field: 'asset', given: name, allowed });
}
