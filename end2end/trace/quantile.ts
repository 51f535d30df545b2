/** The median. */
export function middle(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value that so much of all are not above. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? NaN;
}
