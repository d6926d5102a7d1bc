/** A name nobody can guess. A browser has `crypto.randomUUID` only where a page came encrypted or from this machine. */
export function freshId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
