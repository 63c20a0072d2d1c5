// The box in which a filter is typed, with suggestions from the keys and values seen.
import type {JSX} from 'preact';
import {useId, useRef, useState} from 'preact/hooks';
import {suggest, type Suggestion, type Vocabulary} from '../model/filter.ts';
import {visible} from '../model/text.ts';
import {useKeys} from './keys.ts';

export function FilterBox({
  value,
  onChange,
  vocabulary,
  placeholder,
  label,
}: {
  value: string;
  onChange: (value: string) => void;
  vocabulary: Vocabulary;
  placeholder: string;
  label: string;
}): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const list = useId();
  const [offers, setOffers] = useState<Suggestion[]>([]);
  const [chosen, setChosen] = useState(-1);
  useKeys('Filter', [{keys: ['/'], label: 'Go to the filter', run: () => input.current?.focus()}]);

  const offer = (): void => {
    const element = input.current!;
    setOffers(suggest(element.value, element.selectionStart ?? element.value.length, vocabulary));
    setChosen(-1);
  };
  const accept = (suggestion: Suggestion): void => {
    onChange(suggestion.query);
    const element = input.current!;
    element.value = suggestion.query;
    element.focus();
    element.setSelectionRange(suggestion.caret, suggestion.caret);
    offer();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (offers.length === 0) return offer();
      event.preventDefault();
      setChosen((at) => (at + (event.key === 'ArrowDown' ? 1 : offers.length)) % offers.length);
    } else if ((event.key === 'Enter' || event.key === 'Tab') && chosen >= 0 && offers[chosen]) {
      event.preventDefault();
      accept(offers[chosen]);
    } else if (event.key === 'Enter') {
      setOffers([]);
    } else if (event.key === 'Escape') {
      if (offers.length > 0) setOffers([]);
      else input.current!.blur();
      event.preventDefault();
    }
  };
  return (
    <div class="filter">
      <input
        ref={input}
        type="text"
        value={value}
        placeholder={placeholder}
        aria-label={label}
        role="combobox"
        aria-expanded={offers.length > 0}
        aria-controls={list}
        aria-autocomplete="list"
        autocomplete="off"
        spellcheck={false}
        aria-activedescendant={chosen >= 0 ? `${list}-${chosen}` : undefined}
        onInput={() => {
          onChange(input.current!.value);
          offer();
        }}
        onFocus={offer}
        onClick={offer}
        onBlur={() => setOffers([])}
        onKeyDown={onKeyDown}
      />
      {value !== '' && (
        <button
          type="button"
          class="quiet filter-clear"
          aria-label="Clear the filter"
          onClick={() => {
            onChange('');
            input.current!.focus();
          }}
        >
          ×
        </button>
      )}
      <ul
        id={list}
        class="filter-offers"
        role="listbox"
        aria-label="Suggestions"
        hidden={offers.length === 0}
      >
        {offers.map((one, i) => (
          <li
            key={one.label}
            id={`${list}-${i}`}
            role="option"
            aria-selected={i === chosen}
            onMouseDown={(event) => {
              event.preventDefault();
              accept(one);
            }}
          >
            {visible(one.label, 200)}
          </li>
        ))}
      </ul>
    </div>
  );
}
