import type {JSX} from 'preact';
import {useEffect, useRef} from 'preact/hooks';
import {activeKeys} from './keys.ts';

const names: Record<string, string> = {
  'ArrowUp': '↑',
  'ArrowDown': '↓',
  'ArrowLeft': '←',
  'ArrowRight': '→',
  'Escape': 'Esc',
  ' ': 'Space',
  'Enter': '↵',
};

export function Help({onClose}: {onClose: () => void}): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current!.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class="help"
      aria-labelledby="help-title"
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) dialog.current!.close();
      }}
    >
      <header class="section-head">
        <h2 id="help-title">Keys</h2>
        <button type="button" class="button" onClick={() => dialog.current!.close()}>
          Close
        </button>
      </header>
      <div class="help-groups">
        {activeKeys().map((group) => (
          <section key={group.title}>
            <h3>{group.title}</h3>
            <dl>
              {group.bindings.map((binding) => (
                <div key={binding.label}>
                  <dt>
                    {binding.keys.map((key) => (
                      <kbd key={key}>
                        {names[key] ??
                          key
                            .split(' ')
                            .map((part) => names[part] ?? part)
                            .join(' ')}
                      </kbd>
                    ))}
                  </dt>
                  <dd>{binding.label}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>Filters</h3>
          <dl>
            {[
              ['word', 'contains the word'],
              ['service=checkout', 'is equal, without case'],
              ['http.status_code!=200', 'is not equal'],
              ['duration>250ms', 'is more; a unit may stand there'],
              ['db.statement~orders', 'contains'],
              ['-error', 'not'],
            ].map(([example, meaning]) => (
              <div key={example}>
                <dt>
                  <code>{example}</code>
                </dt>
                <dd>{meaning}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </dialog>
  );
}
