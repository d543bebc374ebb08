/** The page: the bar, one place at a time, and what may lie over it. */
import { lazy, Suspense } from 'react';
import { AccountDialogs } from './account/account-dialogs.tsx';
import { KeyList } from './keys/key-list.tsx';
import { CancelAll } from './orders/cancel-all.tsx';
import { places } from './shell/places.ts';
import { Toasts } from './shell/toasts.tsx';
import { TopBar } from './shell/top-bar.tsx';
import { useStore } from './stores/store.ts';
import { TradePlace } from './trade/trade-place.tsx';

const PipelinePlace = lazy(() => import('./pipeline/pipeline-place.tsx'));
const QueryPlace = lazy(() => import('./query/query-place.tsx'));
const ApiPlace = lazy(() => import('./rest-page/api-place.tsx'));
const AdminPlace = lazy(() => import('./admin/admin-place.tsx'));

export function App() {
  const { place } = useStore(places);
  return (
    <div className="frame">
      <TopBar />
      {place === 'trade' ? (
        <TradePlace />
      ) : (
        <Suspense fallback={<main className="place" />}>
          {place === 'pipeline' ? (
            <PipelinePlace />
          ) : place === 'query' ? (
            <QueryPlace />
          ) : place === 'api' ? (
            <ApiPlace />
          ) : (
            <AdminPlace />
          )}
        </Suspense>
      )}
      <Toasts />
      <AccountDialogs />
      <CancelAll />
      <KeyList />
    </div>
  );
}
