/** Which class was taken for which, over a set of labelled images. */
export class Confusion {
  /** counts[truth][answer] */
  readonly counts: number[][];
  /** Images of a class for which no class was named. */
  private readonly unanswered: number[];
  private rightInTop5 = 0;

  constructor(readonly labels: readonly string[]) {
    this.counts = labels.map(() => labels.map(() => 0));
    this.unanswered = labels.map(() => 0);
  }

  /**
   * @param right the classes that are right: several where they have the same label, and nobody can say which is meant
   * @param answers class ids, best first; none where a multi-label model names no class
   */
  add(right: readonly number[], answers: readonly number[]): void {
    const [best] = answers;
    const truth = best !== undefined && right.includes(best) ? best : right[0]!;
    if (best === undefined) this.unanswered[truth]!++;
    else this.counts[truth]![best]!++;
    if (answers.slice(0, 5).some((answer) => right.includes(answer))) this.rightInTop5++;
  }

  get images(): number {
    return [...this.counts.flat(), ...this.unanswered].reduce((sum, count) => sum + count, 0);
  }

  /** Share of images whose best class is the right one. */
  get top1(): number {
    return this.counts.reduce((sum, row, truth) => sum + row[truth]!, 0) / this.images;
  }

  /** Share of images whose right class is among the best five. */
  get top5(): number {
    return this.rightInTop5 / this.images;
  }

  /** Of the classes that have images. Precision is null where the class was never answered. */
  perClass(): ClassQuality[] {
    return this.labels
      .map((label, id) => {
        const row = this.counts[id]!;
        const images = row.reduce((sum, count) => sum + count, this.unanswered[id]!);
        const answered = this.counts.reduce((sum, other) => sum + other[id]!, 0);
        const right = row[id]!;
        return {
          class_id: id,
          label,
          images,
          right,
          recall: right / images,
          precision: answered > 0 ? right / answered : null,
        };
      })
      .filter(({ images }) => images > 0);
  }
}

export interface ClassQuality {
  class_id: number;
  label: string;
  images: number;
  right: number;
  /** Of the images of this class, the share that was answered so. */
  recall: number;
  /** Of the answers that named this class, the share that was right. */
  precision: number | null;
}
