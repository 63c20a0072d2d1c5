// What passes one point of a pipeline: sampled items, before and behind the processor there, and which rule did it.
import type {JSX} from 'preact';
import {useResource} from '../api/resource.ts';
import type {Edge, Edges, TapField, TapItem, TapSample} from '../api/schema.ts';
import {useTap} from '../api/tap.ts';
import {bytes, exact, plural, timeOfDay} from '../model/text.ts';
import {Choice, Empty, Failure, Section, Text} from '../parts/basics.tsx';
import {useKeys} from '../parts/keys.ts';
import {go, href, replace} from '../parts/router.ts';

const valueLimit = 600;

function Value({field, side}: {field: TapField; side: 'before' | 'after'}): JSX.Element {
  const text = field[side];
  if (text === null) return <span class="muted">–</span>;
  const shown = text === '' ? '""' : text;
  if (side === 'before')
    return (
      <del>
        <Text of={shown} limit={valueLimit} />
      </del>
    );
  return field.change === 'same' ? (
    <Text of={shown} limit={valueLimit} />
  ) : (
    <ins>
      <Text of={shown} limit={valueLimit} />
    </ins>
  );
}

function Changes({fields, hasRules}: {fields: readonly TapField[]; hasRules: boolean}): JSX.Element {
  return (
    <table class="tap-fields mono">
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
          {hasRules && (
            <th scope="col" class="tap-rule">
              Rule
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {fields.map((field, i) => (
          <tr key={i}>
            <th scope="row">
              <Text of={field.path} limit={200} />
            </th>
            <td>
              <Value field={field} side="before" />
            </td>
            <td>
              <Value field={field} side="after" />
            </td>
            {hasRules && <td class="tap-rule">{field.rule ?? ''}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Fields({fields}: {fields: readonly TapField[]}): JSX.Element {
  return (
    <table class="tap-fields mono">
      <tbody>
        {fields.map((field, i) => (
          <tr key={i}>
            <th scope="row">
              <Text of={field.path} limit={200} />
            </th>
            <td colSpan={2}>
              <Text of={field.after ?? ''} limit={valueLimit} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const changeWords = {same: 'unchanged', changed: 'changed', added: 'added', removed: 'removed'};

function Item({item, rules}: {item: TapItem; rules: readonly string[]}): JSX.Element {
  const changed = item.fields.filter((field) => field.change !== 'same');
  const same = item.fields.filter((field) => field.change === 'same');
  const badges = {same: '', changed: 'warn', added: '', removed: 'bad'};
  return (
    <article class={`tap-item ${item.change}`}>
      <h3>
        <span class={`badge ${badges[item.change]}`}>{changeWords[item.change]}</span>
        <Text of={item.name || '(no name)'} limit={200} />
        <span class="muted">
          <Text of={item.service} limit={80} />
        </span>
        {item.trace_id !== '' && (
          <a href={href(['traces', item.trace_id], {span: item.span_id})} class="mono">
            trace {item.trace_id.slice(0, 8)}…
          </a>
        )}
      </h3>
      {item.rules.length > 0 && changed.length === 0 && (
        <p class="muted">
          by{' '}
          {item.rules.map((number) => (
            <code key={number}>
              {number}: <Text of={rules[number - 1] ?? ''} limit={300} />
            </code>
          ))}
        </p>
      )}
      {changed.length > 0 && <Changes fields={changed} hasRules={rules.length > 0} />}
      {same.length > 0 && (
        <details>
          <summary>
            {changed.length > 0 ? `${plural(same.length, 'field')} unchanged` : plural(same.length, 'field')}
          </summary>
          <Fields fields={same} />
        </details>
      )}
      {item.is_cut && <p class="hint">Long values and further fields are left out.</p>}
    </article>
  );
}

function Sample({sample, rules}: {sample: TapSample; rules: readonly string[]}): JSX.Element {
  const {counts} = sample;
  return (
    <section class="tap-sample" aria-label={`Request ${sample.number}`}>
      <header>
        <span>{timeOfDay(sample.at_ms)}</span>
        <span>
          {sample.items_before !== null && sample.items_before !== sample.items_after
            ? `${exact(sample.items_before)} → ${plural(sample.items_after, 'item')}`
            : plural(sample.items_after, 'item')}
        </span>
        <span>
          {sample.bytes_before !== null && sample.bytes_before !== sample.bytes_after
            ? `${bytes(sample.bytes_before)} → ${bytes(sample.bytes_after)}`
            : bytes(sample.bytes_after)}
        </span>
        {counts.changed > 0 && <span class="warn">{exact(counts.changed)} changed</span>}
        {counts.removed > 0 && <span class="bad">{exact(counts.removed)} removed</span>}
        {counts.added > 0 && <span class="good">{exact(counts.added)} added</span>}
      </header>
      {sample.refusal !== null && <Failure message={`The processor refused it: ${sample.refusal}`} />}
      {sample.items.map((item, i) => (
        <Item key={i} item={item} rules={rules} />
      ))}
      {sample.more_items > 0 && <p class="hint">{plural(sample.more_items, 'item')} more in this request</p>}
    </section>
  );
}

/** The points of the pipeline in order, to go from one to the next. */
function Points({edges, current}: {edges: readonly Edge[]; current: Edge | undefined}): JSX.Element {
  return (
    <nav aria-label="Points of the pipeline">
      <ol class="tap-points">
        {edges
          .filter((one) => one.pipeline === current?.pipeline)
          .map((one) => (
            <li key={one.edge}>
              <a
                href={href(['pipeline', one.edge])}
                class={one.closed === null ? '' : 'closed'}
                title={one.closed ?? undefined}
                aria-current={one.edge === current?.edge ? 'page' : undefined}
              >
                {one.point === 0 ? 'in' : <Text of={one.processor} limit={80} />}
              </a>
            </li>
          ))}
      </ol>
    </nav>
  );
}

export function TapView({edge, query}: {edge: string; query: Record<string, string>}): JSX.Element {
  const only = query.only === 'changed' ? 'changed' : 'all';
  const tap = useTap(edge, only);
  const {value} = useResource<Edges>('edges');
  const edges = value?.edges ?? [];
  const current = edges.find((one) => one.edge === (tap.edge?.edge ?? edge));
  const step = (by: number): void => {
    const next = edges.find(
      (one) => current && one.pipeline === current.pipeline && one.point === current.point + by,
    );
    if (next) go(['pipeline', next.edge]);
  };
  useKeys('Tap', [
    {keys: [']'], label: 'The next point', run: () => step(1)},
    {keys: ['['], label: 'The point before', run: () => step(-1)},
    {keys: ['Escape'], label: 'Back to the graph', run: () => go(['pipeline'])},
  ]);
  const rules = tap.edge?.rules ?? [];
  const passed = tap.passed;
  return (
    <div class="page">
      <p>
        <a href={href(['pipeline'])}>Pipeline</a>
      </p>
      <h1>
        <Text of={current?.pipeline ?? edge} limit={100} />
        {current && (
          <span class="muted">
            {' '}
            {current.point === 0 ? 'what comes in' : 'behind '}
            <Text of={current.processor} limit={100} />
          </span>
        )}
      </h1>
      <Points edges={edges} current={current} />
      {tap.error && <Failure message={tap.error} />}
      {rules.length > 0 && (
        <Section title={`Rules of ${tap.edge?.processor}`}>
          <ol class="tap-rules mono">
            {rules.map((text, i) => (
              <li key={i}>
                <Text of={text} limit={500} />
              </li>
            ))}
          </ol>
        </Section>
      )}
      <Section
        title="Samples"
        aside={
          <>
            {passed && (
              <span class="muted">
                {plural(passed.requests, 'request')} with {plural(passed.items, 'item')} passed since this
                view was opened
                {passed.too_large > 0 && `, ${exact(passed.too_large)} too large to be shown`}
              </span>
            )}
            <Choice
              label="Items"
              value={only}
              onChange={(next) => replace(['pipeline', edge], {only: next === 'all' ? undefined : next})}
              options={[
                ['all', 'All'],
                ['changed', 'Only changed'],
              ]}
            />
          </>
        }
      >
        {tap.samples.length === 0 && !tap.error && (
          <Empty title="Nothing has passed yet">Requests appear here as they pass.</Empty>
        )}
        {tap.samples.map((sample) => (
          <Sample key={sample.number} sample={sample} rules={rules} />
        ))}
      </Section>
    </div>
  );
}
