/**
 * Where an app's window may load from. Each site is asked about once while the window is open, so an answer for once
 * holds that long here; what was refused can be asked again.
 */
export class Access {
  readonly #ask: (url: string) => Promise<boolean>;
  readonly #answers = new Map<string, Promise<boolean>>();

  /** @param ask whether the address may be loaded; settles once the person has answered, and never rejects. */
  constructor(ask: (url: string) => Promise<boolean>) {
    this.#ask = ask;
  }

  to(url: string): Promise<boolean> {
    const site = siteOf(url);
    if (site === null) return Promise.resolve(false);
    const answer = this.#answers.get(site) ?? this.#ask(url);
    this.#answers.set(site, answer);
    return answer;
  }

  /** From now on this site is asked about again; all sites, where none is named. */
  forget(url?: string): void {
    if (url === undefined) this.#answers.clear();
    else this.#answers.delete(siteOf(url) ?? "");
  }
}

/** Scheme, host and port of an http or https address. */
function siteOf(url: string): string | null {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  return parsed && /^https?:$/.test(parsed.protocol) ? parsed.origin : null;
}
