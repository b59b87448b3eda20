export function RejectedItems() {
  return null;
}
