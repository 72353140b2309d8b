export interface SegmentsProps<T extends string> {
  readonly legend: string;
  readonly isLegendShown?: boolean;
  readonly name: string;
  readonly options: readonly { readonly value: T; readonly label: string; readonly title?: string }[];
  readonly value: T;
  readonly onChange: (value: T) => void;
}

/** A few exclusive choices in one row: radio buttons, so that keys and screen readers know what to do. */
export function Segments<T extends string>(props: SegmentsProps<T>) {
  const { legend, isLegendShown = false, name, options, value, onChange } = props;
  return (
    <fieldset class="segments">
      <legend class={isLegendShown ? 'label' : 'sr-only'}>{legend}</legend>
      <div class="segment-row">
        {options.map((option) => (
          <label key={option.value} title={option.title}>
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            <span>{option.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
