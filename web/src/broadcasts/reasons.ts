/** Why somebody gets no message, in plain words, by the code of the reason. */
const names: Readonly<Record<string, string>> = {
  unsubscribed: 'Unsubscribed',
  topic: 'Do not want this topic',
  no_address: 'No address',
  suppressed: 'Address is suppressed',
  cap: 'Had enough messages lately',
  hold_out: 'Held out, to compare with',
  missing_variable: 'A value is missing',
  cancelled: 'Cancelled before it went out',
  erased: 'Erased',
  crash: 'A crash came between',
};

export const reasonName = (code: string) => names[code] ?? code.replaceAll('_', ' ');
