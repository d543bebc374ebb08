import '@fontsource-variable/inter/wght.css';
import './style/tokens.css';
import './style/base.css';
import './style/shell.css';
import './style/trade.css';
import './style/tables.css';
import './style/places.css';
import { createRoot } from 'react-dom/client';
import { resumeSession } from './account/take-account.ts';
import { App } from './app.tsx';
import { listenToKeys } from './keys/keys.ts';
import { showTheme } from './stores/settings.ts';

showTheme();
listenToKeys();
createRoot(document.getElementById('root')!).render(<App />);
void resumeSession();
