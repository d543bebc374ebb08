/** The places of the page, kept in the address after the #, so that a reload and a bookmark come back to them. */
import { Store } from '../stores/store.ts';

export const PLACES = ['trade', 'pipeline', 'query', 'api', 'admin'] as const;
export type Place = (typeof PLACES)[number];
export const placeNames: { readonly [P in Place]: string } = {
  trade: 'Trade',
  pipeline: 'Pipeline',
  query: 'Query',
  api: 'API',
  admin: 'Admin',
};

class PlacesStore extends Store {
  place: Place = read();

  constructor() {
    super();
    addEventListener('hashchange', () => {
      this.place = read();
      this.changedNow();
    });
  }

  go(place: Place): void {
    location.hash = `#/${place}`;
  }
}

function read(): Place {
  const name = location.hash.replace(/^#\/?/, '').split('/')[0];
  return PLACES.find((place) => place === name) ?? 'trade';
}

export const places = new PlacesStore();
