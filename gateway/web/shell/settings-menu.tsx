/** Look and habits. */
import { keyHelp } from '../keys/key-help.ts';
import { type Palette, settings, type Theme } from '../stores/settings.ts';
import { useStore } from '../stores/store.ts';
import { Popover } from './popover.tsx';

const THEMES: readonly (readonly [Theme, string])[] = [
  ['dark', 'Dark'],
  ['light', 'Light'],
  ['system', 'As the system'],
];
const PALETTES: readonly (readonly [Palette, string])[] = [
  ['green-red', 'Green and red'],
  ['blue-orange', 'Blue and orange'],
];

export function SettingsMenu() {
  const { theme, palette, confirmOrders } = useStore(settings).now;
  return (
    <Popover label="Settings" button={<span aria-hidden="true">⚙</span>}>
      {(close) => (
        <div className="settings">
          <Choice name="Theme" options={THEMES} chosen={theme} choose={(chosen) => settings.set({ theme: chosen })} />
          <Choice
            name="Up and down"
            options={PALETTES}
            chosen={palette}
            choose={(chosen) => settings.set({ palette: chosen })}
          />
          <label className="check">
            <input
              type="checkbox"
              checked={confirmOrders}
              onChange={(event) => settings.set({ confirmOrders: event.target.checked })}
            />
            A click on the button shows the summary first
          </label>
          <div className="settings-actions">
            <button type="button" className="button" onClick={() => settings.set({ sizes: {}, tabs: {} })}>
              Panels as at first
            </button>
            <button
              type="button"
              className="button"
              onClick={() => {
                close();
                keyHelp.show();
              }}
            >
              Keys <kbd>?</kbd>
            </button>
          </div>
          <p className="muted">Times are in UTC.</p>
        </div>
      )}
    </Popover>
  );
}

interface ChoiceParts<T extends string> {
  readonly name: string;
  readonly options: readonly (readonly [T, string])[];
  readonly chosen: T;
  readonly choose: (chosen: T) => void;
}

function Choice<T extends string>({ name, options, chosen, choose }: ChoiceParts<T>) {
  return (
    <fieldset className="choice">
      <legend className="label">{name}</legend>
      <div className="segments">
        {options.map(([value, label]) => (
          <button
            type="button"
            key={value}
            className="segment"
            aria-pressed={value === chosen}
            onClick={() => choose(value)}
          >
            {label}
          </button>
        ))}
      </div>
    </fieldset>
  );
}
