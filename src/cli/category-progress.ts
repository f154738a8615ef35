// The progress bar of a command that works category by category.
import { type Progress, startProgress } from './progress.ts'

interface Steps {
  onStart(categories: number): void
  onCategory(): void
}

/** Passes `work` the callbacks that move the bar, and removes the bar when it is done. */
export async function categoryProgress<T>(label: string, work: (steps: Steps) => Promise<T>): Promise<T> {
  let progress: Progress | undefined
  try {
    return await work({
      onStart: (categories) => {
        progress = startProgress(label, categories)
      },
      onCategory: () => progress?.advance(),
    })
  } finally {
    progress?.stop()
  }
}
