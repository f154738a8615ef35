// The bar of a command that goes from category to category.
import { type Progress, startProgress } from './progress.ts'

interface Steps {
  onStart(categories: number): void
  onCategory(): void
}

/** Hands `work` what moves the bar, and takes the bar away when it is done. */
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
