import {render, type JSX} from 'preact';
import {useEffect, useErrorBoundary, useRef, useState} from 'preact/hooks';
import 'uplot/dist/uPlot.min.css';
import './style/page.css';
import './style/parts.css';
import './style/views.css';
import {setToken, whenUnauthorized} from './api/client.ts';
import {follow, setPaused, useLive} from './api/live.ts';
import {Failure, Text} from './parts/basics.tsx';
import {Help} from './parts/help.tsx';
import {installKeys, useKeys} from './parts/keys.ts';
import {go, href, useRoute, type Route} from './parts/router.ts';
import {count, plural} from './model/text.ts';
import {Overview} from './views/overview.tsx';
import {PipelineView} from './views/pipeline.tsx';
import {LedgerView} from './views/ledger.tsx';
import {CompareView} from './views/compare.tsx';
import {LogsView} from './views/logs.tsx';
import {MapView} from './views/service_map.tsx';
import {MetricView} from './views/metric.tsx';
import {MetricsView} from './views/metrics.tsx';
import {TapView} from './views/tap.tsx';
import {TraceView} from './views/trace.tsx';
import {TracesView} from './views/traces.tsx';

const tabs = [
  ['', 'Overview', 'o'],
  ['pipeline', 'Pipeline', 'p'],
  ['ledger', 'Ledger', 'b'],
  ['traces', 'Traces', 't'],
  ['logs', 'Logs', 'l'],
  ['metrics', 'Metrics', 'm'],
  ['map', 'Map', 'v'],
] as const;

function View({route}: {route: Route}): JSX.Element {
  const [name = '', first, second] = route.path;
  switch (name) {
    case 'pipeline':
      return first === undefined ? (
        <PipelineView />
      ) : (
        <TapView key={first} edge={first} query={route.query} />
      );
    case 'ledger':
      return <LedgerView />;
    case 'traces':
      return first === undefined ? (
        <TracesView query={route.query} />
      ) : (
        <TraceView key={first} id={first} query={route.query} />
      );
    case 'compare':
      return <CompareView before={first ?? ''} after={second ?? ''} />;
    case 'logs':
      return <LogsView query={route.query} />;
    case 'metrics':
      return first === undefined ? (
        <MetricsView query={route.query} />
      ) : (
        <MetricView key={first} name={first} />
      );
    case 'map':
      return <MapView />;
    default:
      return <Overview />;
  }
}

// A defect in one view, or an API that this page does not know, must not take the others with it.
function GuardedView({route}: {route: Route}): JSX.Element {
  const [failure, reset] = useErrorBoundary((error) => console.error(error));
  const place = route.path.join('/');
  const failedAt = useRef(place);
  useEffect(() => {
    if (failure && failedAt.current !== place) reset();
    failedAt.current = place;
  }, [place, failure]);
  if (!failure) return <View route={route} />;
  return (
    <div class="page">
      <h1>This view failed</h1>
      <Failure message={String(failure)} />
      <p>
        <button type="button" class="button" onClick={reset}>
          Try again
        </button>
      </p>
    </div>
  );
}

function currentTheme(): 'light' | 'dark' {
  return document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light';
}

function toggleTheme(): void {
  const next = currentTheme() === 'dark' ? 'light' : 'dark';
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem('theme', next);
  } catch {
    // The choice then lasts as long as the page.
  }
  dispatchEvent(new Event('theme'));
}

function TokenForm(): JSX.Element {
  const [value, setValue] = useState('');
  return (
    <main class="token" id="content">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setToken(value);
          location.reload();
        }}
      >
        <h1>Millrace</h1>
        <label for="token">This console asks for its token</label>
        <input
          id="token"
          type="password"
          autocomplete="current-password"
          value={value}
          autofocus
          onInput={(event) => setValue(event.currentTarget.value)}
        />
        <button type="submit" class="button primary">
          Open
        </button>
      </form>
    </main>
  );
}

function Notices(): JSX.Element {
  const {notices} = useLive();
  return (
    <div class="notices" role="status">
      {notices.map(({id, packet}) => (
        <a key={id} class="notice" href={href([])}>
          <strong>
            <Text of={packet.service || 'a sender without service.name'} limit={80} />
          </strong>
          <span>
            {[
              packet.sdk_language && `${packet.sdk_language} SDK ${packet.sdk_version}`,
              packet.protocol,
              packet.encoding,
            ]
              .filter(Boolean)
              .join(', ')}
          </span>
          <span>
            {Object.entries(packet.signals)
              .map(([signal, {items}]) => `${count(items)} ${signal}`)
              .join(', ')}
          </span>
        </a>
      ))}
    </div>
  );
}

function Shell(): JSX.Element {
  const route = useRoute();
  const live = useLive();
  const [help, setHelp] = useState(false);
  const [dark, setDark] = useState(currentTheme() === 'dark');
  const [locked, setLocked] = useState(false);
  useEffect(() => {
    whenUnauthorized(() => setLocked(true));
    requestAnimationFrame(() => performance.mark('ready'));
  }, []);
  // Another view begins where its content does, also for a screen reader.
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current) document.getElementById('content')?.focus({preventScroll: true});
    isFirst.current = false;
  }, [route.path.join('/')]);
  useEffect(() => {
    const name = tabs.find(([path]) => path === (route.path[0] ?? ''))?.[1] ?? 'Compare';
    document.title = `${name} · Millrace`;
    document.querySelector('nav [aria-current]')?.scrollIntoView({inline: 'nearest', block: 'nearest'});
  }, [route.path[0]]);
  useKeys('Everywhere', [
    {keys: ['?'], label: 'This page', run: () => setHelp(true)},
    ...tabs.map(([path, name, key]) => ({
      keys: [`g ${key}`],
      label: name,
      run: () => go(path === '' ? [] : [path]),
    })),
    {keys: [' '], label: 'Pause and continue', run: () => setPaused(!live.paused)},
    {
      keys: ['d'],
      label: 'Light and dark',
      run: () => {
        toggleTheme();
        setDark(currentTheme() === 'dark');
      },
    },
  ]);
  if (locked) return <TokenForm />;
  const section = route.path[0] === 'compare' ? 'traces' : (route.path[0] ?? '');
  const state = live.paused ? 'paused' : live.connection;
  const stateText = {paused: 'Paused', open: 'Live', connecting: 'Connecting', lost: 'No connection'}[state];
  return (
    <>
      <a
        class="skip"
        href="#content"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById('content')?.focus();
        }}
      >
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href={href([])} aria-label="Millrace, overview">
          <svg viewBox="0 0 32 20" aria-hidden="true">
            <path d="M2 6c5-5 9-5 14 0s9 5 14 0M2 14c5-5 9-5 14 0s9 5 14 0" />
          </svg>
          <span>millrace</span>
        </a>
        <nav aria-label="Views">
          {tabs.map(([path, name]) => (
            <a
              key={path}
              href={href(path === '' ? [] : [path])}
              aria-current={section === path ? 'page' : undefined}
            >
              {name}
              {path === 'ledger' && live.counters && !live.counters.is_balanced && (
                <span class="tab-mark" title="out of balance">
                  !
                </span>
              )}
            </a>
          ))}
        </nav>
        <div class="top-state">
          <button
            type="button"
            class={`live live-${state}`}
            onClick={() => setPaused(!live.paused)}
            title="Pause and continue (space)"
          >
            {stateText}
          </button>
          <button
            type="button"
            class="quiet"
            aria-pressed={dark}
            aria-label="Dark colours"
            title="Light and dark (d)"
            onClick={() => {
              toggleTheme();
              setDark(currentTheme() === 'dark');
            }}
          >
            {dark ? '☾' : '☀'}
          </button>
          <button
            type="button"
            class="quiet"
            aria-label="Keys"
            title="Keys (?)"
            onClick={() => setHelp(true)}
          >
            ?
          </button>
        </div>
      </header>
      {live.connection === 'lost' && (
        <p class="banner" role="alert">
          The collector does not answer. Trying again…
        </p>
      )}
      <main id="content" tabIndex={-1}>
        <GuardedView route={route} />
      </main>
      <Notices />
      {live.lastRefusal && live.refusalCount > 0 && section !== '' && (
        <a class="refusal-mark" href={href([])}>
          {plural(live.refusalCount, 'refused request')} since this page was opened
        </a>
      )}
      {help && <Help onClose={() => setHelp(false)} />}
    </>
  );
}

installKeys();
void follow();
render(<Shell />, document.getElementById('page')!);
