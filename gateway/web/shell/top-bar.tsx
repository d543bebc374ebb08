/** The bar over every place. */
import { exchange } from '../exchange/the-exchange.ts';
import { useStore } from '../stores/store.ts';
import { AccountMenu } from './account-menu.tsx';
import { ConnectionStatus } from './connection-status.tsx';
import { PLACES, placeNames, places } from './places.ts';
import { SettingsMenu } from './settings-menu.tsx';

export function TopBar() {
  const { place } = useStore(places);
  const { roles } = useStore(exchange.session);
  const shown = PLACES.filter((name) => name !== 'admin' || roles.includes('ops') || roles.includes('admin'));
  return (
    <header className="top-bar">
      <span className="brand">SLUICE</span>
      <nav className="places" aria-label="Places">
        {shown.map((name) => (
          <a key={name} href={`#/${name}`} aria-current={name === place ? 'page' : undefined}>
            {placeNames[name]}
          </a>
        ))}
      </nav>
      <div className="bar-end">
        <ConnectionStatus />
        <SettingsMenu />
        <AccountMenu />
      </div>
    </header>
  );
}
