// The services seen in recent traces and the calls between them.
import type {JSX} from 'preact';
import {useArrivals} from '../api/live.ts';
import {useResource} from '../api/resource.ts';
import type {ServiceMap} from '../api/schema.ts';
import {count, percent, plural} from '../model/text.ts';
import {Empty, Failure, Section, Text} from '../parts/basics.tsx';
import {href} from '../parts/router.ts';
import {GraphView} from './graph.tsx';

const servicesMax = 200;

export function MapView(): JSX.Element {
  const {value: map, error} = useResource<ServiceMap>('service-map', {}, useArrivals(4000));
  if (!map) return error ? <Failure message={error} /> : <p class="loading">Loading…</p>;
  const most = Math.max(1, ...map.calls.map((one) => one.count));
  const quoted = (name: string): string => (/\s/.test(name) ? JSON.stringify(name) : name);
  return (
    <div class="page">
      <h1 class="hidden">Service map</h1>
      <Section
        title="Services and their calls"
        aside={
          <span class="muted">
            {plural(map.services.length, 'service')} of the recent traces
            {map.is_incomplete && ', not all read'}
          </span>
        }
      >
        {map.services.length === 0 ? (
          <Empty title="No service yet">The map is drawn from the traces that are held.</Empty>
        ) : (
          <GraphView
            label="Service map"
            gap={100}
            width={() => 180}
            lines={map.calls.map((call) => ({
              from: call.from,
              to: call.to,
              class: call.error_count > 0 ? 'edge-bad' : '',
              width: 1 + 3 * Math.sqrt(call.count / most),
              label: count(call.count),
            }))}
            boxes={map.services.slice(0, servicesMax).map((one) => ({
              id: one.name,
              height: 52,
              class: one.error_count > 0 ? 'sick' : '',
              content: (
                <>
                  <h3>
                    <a href={href(['traces'], {q: `service=${quoted(one.name)}`})}>
                      <Text of={one.name || 'no service.name'} limit={80} />
                    </a>
                  </h3>
                  <p>
                    <span>{plural(one.span_count, 'span')}</span>
                    {one.error_count > 0 && (
                      <b class="bad">{percent(one.error_count / Math.max(1, one.span_count))} errors</b>
                    )}
                  </p>
                </>
              ),
            }))}
          />
        )}
      </Section>
      {map.calls.length > 0 && (
        <Section title="Calls">
          <table class="table">
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col">To</th>
                <th scope="col" class="number">
                  Calls
                </th>
                <th scope="col" class="number">
                  Errors
                </th>
              </tr>
            </thead>
            <tbody>
              {map.calls.slice(0, 300).map((call) => (
                <tr key={`${call.from} ${call.to}`}>
                  <th scope="row">
                    <Text of={call.from} limit={80} />
                  </th>
                  <td>
                    <Text of={call.to} limit={80} />
                  </td>
                  <td class="number">{count(call.count)}</td>
                  <td class={`number ${call.error_count > 0 ? 'bad' : ''}`}>{count(call.error_count)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Section>
      )}
    </div>
  );
}
