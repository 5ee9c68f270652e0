/** What lies where it is passed over: each is told of once, for as long as it lies there. */
export class Strangers {
  private sentences: ReadonlySet<string> = new Set();

  constructor(private readonly tell: (sentence: string) => void) {}

  get known(): string[] {
    return [...this.sentences];
  }

  are(sentences: ReadonlySet<string>): void {
    const before = this.sentences;
    this.sentences = sentences;
    for (const sentence of sentences) if (!before.has(sentence)) this.tell(sentence);
  }
}
