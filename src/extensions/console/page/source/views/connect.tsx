// How to send something here: addresses, lines to paste, a test trace.
import type {JSX} from 'preact';
import {useState} from 'preact/hooks';
import {post} from '../api/client.ts';
import type {Status, TestTrace} from '../api/schema.ts';
import {Copy, Failure, Section, Text} from '../parts/basics.tsx';
import {go} from '../parts/router.ts';

export function TestTraceButton(): JSX.Element {
  const [state, setState] = useState<'' | 'sending' | string>('');
  const send = async (): Promise<void> => {
    setState('sending');
    try {
      const {trace_id} = await post<TestTrace>('test-trace');
      setState('');
      // The trace is shown when the collector has it; the view waits for it.
      go(['traces', trace_id], {wait: '1'});
    } catch (failure) {
      setState(failure instanceof Error ? failure.message : String(failure));
    }
  };
  return (
    <>
      <button type="button" class="button primary" onClick={send} disabled={state === 'sending'}>
        Send a test trace
      </button>
      {state !== '' && state !== 'sending' && <Failure message={state} />}
    </>
  );
}

export function Listeners({status}: {status: Status}): JSX.Element {
  return (
    <table class="table">
      <thead>
        <tr>
          <th scope="col">Receiver</th>
          <th scope="col">Protocol</th>
          <th scope="col">Address</th>
          <th scope="col">TLS</th>
        </tr>
      </thead>
      <tbody>
        {status.listeners.map((one) => (
          <tr key={`${one.receiver} ${one.endpoint}`}>
            <th scope="row">
              <Text of={one.receiver} />
            </th>
            <td>{one.protocol}</td>
            <td class="mono">
              <Text of={one.endpoint} />
            </td>
            <td>{one.tls ? 'yes' : 'no'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function FirstSteps({status}: {status: Status}): JSX.Element {
  const [chosen, setChosen] = useState(0);
  const steps = status.first_steps;
  const step = steps[Math.min(chosen, steps.length - 1)];
  if (!step) return <></>;
  const move = (event: KeyboardEvent): void => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by === 0) return;
    event.preventDefault();
    const next = (chosen + by + steps.length) % steps.length;
    setChosen(next);
    document.getElementById(`step-${next}`)?.focus();
  };
  return (
    <div class="steps">
      <div class="tablist" role="tablist" aria-label="Languages" onKeyDown={move}>
        {steps.map((one, i) => (
          <button
            type="button"
            role="tab"
            key={one.title}
            id={`step-${i}`}
            aria-selected={one === step}
            aria-controls="step"
            tabIndex={one === step ? 0 : -1}
            onClick={() => setChosen(i)}
          >
            {one.title}
          </button>
        ))}
      </div>
      <div id="step" class="step" role="tabpanel" aria-labelledby={`step-${steps.indexOf(step)}`}>
        <pre tabIndex={0}>
          <code>{step.text}</code>
        </pre>
        <Copy text={step.text} label="Copy" />
      </div>
    </div>
  );
}

export function Connect({status, waiting}: {status: Status; waiting: boolean}): JSX.Element {
  return (
    <>
      {waiting && (
        <div class="waiting">
          <h1>
            <span class="pulse" aria-hidden="true" />
            Waiting for the first telemetry
          </h1>
          <p>
            {status.is_accepting
              ? 'The collector is ready. The first request appears here by itself, within a second.'
              : 'The collector does not accept telemetry at the moment.'}
          </p>
          <div class="waiting-actions">
            <TestTraceButton />
          </div>
        </div>
      )}
      <div class="columns">
        <Section title="Listening on">
          <Listeners status={status} />
          {status.listeners.some((one) => /^(localhost|127\.|\[::1\])/.test(one.endpoint)) && (
            <p class="hint">
              An address on localhost is not reached from a container or another machine: there, the receiver
              needs the endpoint <code>0.0.0.0:4317</code>.
            </p>
          )}
        </Section>
        <Section title="Send to it">
          <FirstSteps status={status} />
        </Section>
      </div>
    </>
  );
}
