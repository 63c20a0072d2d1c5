// The accounts of all items: in = out + filtered + sampled + dropped + rejected + held, for each destination.
import type {JSX} from 'preact';
import {useState} from 'preact/hooks';
import {useTick} from '../api/live.ts';
import {useResource} from '../api/resource.ts';
import type {Account, Ledger, Senders} from '../api/schema.ts';
import {byService, signals} from '../model/senders.ts';
import {dateAndTime, exact, plural, timeOfDay} from '../model/text.ts';
import {Choice, Empty, Failure, Section, Text, Wide} from '../parts/basics.tsx';

type SignalChoice = 'all' | Account['signal'];

const reasonText = (reason: string): string =>
  reason === 'rejected_by_peer' ? 'rejected by the destination' : reason.replaceAll('_', ' ');
const lostOf = (one: Account): number => one.dropped_total + one.rejected_by_peer;

function Cell({value, tone}: {value: number; tone?: string}): JSX.Element {
  return (
    <td class={`number ${value !== 0 && tone ? tone : ''} ${value === 0 ? 'zero' : ''}`}>{exact(value)}</td>
  );
}

function Accounts({accounts}: {accounts: readonly Account[]}): JSX.Element {
  return (
    <Wide label="Accounts">
      <table class="table ledger">
        <thead>
          <tr>
            <th scope="col">Destination</th>
            <th scope="col">Pipeline</th>
            <th scope="col" class="number">
              In
            </th>
            <th scope="col" class="number">
              From disk
            </th>
            <th scope="col" class="sign" aria-label="equals">
              =
            </th>
            <th scope="col" class="number">
              Delivered
            </th>
            <th scope="col" class="number">
              Filtered
            </th>
            <th scope="col" class="number">
              Sampled out
            </th>
            <th scope="col" class="number">
              Rejected
            </th>
            <th scope="col" class="number">
              Dropped
            </th>
            <th scope="col" class="number">
              Held
            </th>
            <th scope="col" class="number">
              Difference
            </th>
          </tr>
        </thead>
        <tbody>
          {accounts.map((one) => (
            <tr key={`${one.signal} ${one.pipeline} ${one.destination}`}>
              <th scope="row">
                <Text of={one.destination} limit={80} />
              </th>
              <td>
                <Text of={one.pipeline} limit={60} />
                {one.pipeline !== one.signal && <span class="muted"> {one.signal}</span>}
              </td>
              <Cell value={one.admitted} />
              <Cell value={one.recovered} />
              <td class="sign" aria-hidden="true">
                =
              </td>
              <Cell value={one.delivered} />
              <Cell value={one.filtered} />
              <Cell value={one.sampled_out} />
              <Cell value={one.rejected_by_peer} tone="bad" />
              <Cell value={one.dropped_total} tone="bad" />
              <Cell value={one.held} />
              <Cell value={one.difference} tone="warn" />
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

function Losses({accounts}: {accounts: readonly Account[]}): JSX.Element {
  const lost = accounts.filter((one) => lostOf(one) > 0);
  const hasLetters = lost.some((one) => one.dead_letter_path !== null);
  if (lost.length === 0)
    return (
      <Empty title="Nothing was lost">
        Every item was delivered, filtered or sampled out on purpose, or is still held.
      </Empty>
    );
  return (
    <Wide label="Losses">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Destination</th>
            <th scope="col">Reason</th>
            <th scope="col" class="number">
              Items
            </th>
            <th scope="col">First</th>
            <th scope="col">Last</th>
            {hasLetters && <th scope="col">Dead letters</th>}
          </tr>
        </thead>
        <tbody>
          {lost
            .flatMap((one) => one.losses.map((loss) => ({one, ...loss})))
            .map(({one, reason, items, first_at_ms: first, last_at_ms: last}) => (
              <tr key={`${one.signal} ${one.pipeline} ${one.destination} ${reason}`}>
                <th scope="row">
                  <Text of={one.destination} limit={80} /> <span class="muted">{one.signal}</span>
                </th>
                <td>{reasonText(reason)}</td>
                <td class="number bad">{exact(items)}</td>
                <td class="nowrap" title={dateAndTime(first)}>
                  {timeOfDay(first).slice(0, 8)}
                </td>
                <td class="nowrap" title={dateAndTime(last)}>
                  {timeOfDay(last).slice(0, 8)}
                </td>
                {hasLetters && (
                  <td class="mono">
                    <Text of={one.dead_letter_path ?? '–'} limit={200} />
                  </td>
                )}
              </tr>
            ))}
        </tbody>
      </table>
    </Wide>
  );
}

function Services({senders, signal}: {senders: Senders; signal: SignalChoice}): JSX.Element {
  const services = byService(senders.senders);
  const shown = signals.filter((one) => signal === 'all' || signal === one);
  if (services.length === 0) return <Empty title="No service has sent anything yet" />;
  return (
    <Wide label="Accepted by service">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Service</th>
            {shown.map((one) => (
              <th scope="col" class="number" key={one}>
                {one}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {services.slice(0, 200).map(({service, items}) => (
            <tr key={service}>
              <th scope="row">
                {service === '' ? <em>no service.name</em> : <Text of={service} limit={80} />}
              </th>
              {shown.map((one) => (
                <Cell key={one} value={items[one]} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {senders.forgotten > 0 && (
        <p class="hint">{plural(senders.forgotten, 'older sender')} no longer counted here.</p>
      )}
    </Wide>
  );
}

export function LedgerView(): JSX.Element {
  const {value, error} = useResource<Ledger>('ledger', {}, useTick(1000));
  const {value: senders} = useResource<Senders>('senders', {}, useTick(3000));
  const [signal, setSignal] = useState<SignalChoice>('all');
  if (!value) return error ? <Failure message={error} /> : <p class="loading">Loading…</p>;
  const sent = [...new Set(value.accounts.map((one) => one.signal))];
  const accounts = value.accounts.filter((one) => signal === 'all' || one.signal === signal);
  const receivers = value.receivers.filter((one) => signal === 'all' || one.signal === signal);
  const sum = (of: (one: Account) => number): number => accounts.reduce((total, one) => total + of(one), 0);
  return (
    <div class="page">
      <div class={`balance ${value.is_balanced ? 'good' : 'bad'}`} role="status">
        <h1>{value.is_balanced ? 'The accounts balance' : 'The accounts do not balance'}</h1>
        <p>
          {value.is_balanced
            ? `Every item that came in is delivered, filtered, sampled out, dropped with a reason, rejected, or held. ${plural(value.audits, 'audit')} so far.`
            : 'Items are missing from the books, or in them twice. This is a defect of the collector; please report what stands below.'}
        </p>
        {value.findings.length > 0 && (
          <ul>
            {value.findings.map((text) => (
              <li key={text} class="mono">
                <Text of={text} />
              </li>
            ))}
          </ul>
        )}
      </div>
      <Section
        title="Accounts, in items"
        aside={
          <Choice
            label="Signal"
            value={signal}
            onChange={setSignal}
            options={[['all', 'All'] as const, ...sent.map((one) => [one, one] as const)]}
          />
        }
      >
        {accounts.length === 0 ? (
          <Empty title="There is no account">
            An account begins with each pipeline that leads to a destination.
          </Empty>
        ) : (
          <Accounts accounts={accounts} />
        )}
        {accounts.length > 1 && (
          <p class="hint">
            Together: {exact(sum((one) => one.admitted + one.recovered))} in,{' '}
            {exact(sum((one) => one.delivered))} delivered, {exact(sum(lostOf))} lost,{' '}
            {exact(sum((one) => one.held))} held. Items that go to several destinations count once for each.
          </p>
        )}
      </Section>
      <div class="columns">
        <Section title="At the receivers">
          <table class="table">
            <thead>
              <tr>
                <th scope="col">Receiver</th>
                <th scope="col" class="number">
                  Accepted
                </th>
                <th scope="col" class="number">
                  Refused
                </th>
              </tr>
            </thead>
            <tbody>
              {receivers.map((one) => (
                <tr key={`${one.name} ${one.signal}`}>
                  <th scope="row">
                    <Text of={one.name} limit={80} /> <span class="muted">{one.signal}</span>
                    {one.refusals.map((text) => (
                      <span key={text} class="badge warn">
                        <Text of={text} limit={120} />
                      </span>
                    ))}
                  </th>
                  <Cell value={one.accepted_items} />
                  <Cell value={one.refused_items} tone="warn" />
                </tr>
              ))}
            </tbody>
          </table>
        </Section>
        <Section title="What was lost">
          <Losses accounts={accounts} />
        </Section>
        {senders && (
          <Section title="Accepted, by service">
            <Services senders={senders} signal={signal} />
          </Section>
        )}
      </div>
    </div>
  );
}
