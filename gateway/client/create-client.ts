import type { Client, ClientOptions } from './types.ts';

export type * from './errors.ts';
export type * from './rest-api.ts';
export type * from './types.ts';

/** A client of one gateway, for Node and browsers. Opens nothing by itself. */
export declare function createClient(options: ClientOptions): Client;
