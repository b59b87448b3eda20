export function Names() {
  return null;
}
