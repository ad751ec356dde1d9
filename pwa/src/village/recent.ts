// The last few questions of this sitting (masked by the store), in memory only: closing the page forgets them.
import { ref } from "vue";

const KEPT = 5;
export const recentQuestions = ref<string[]>([]);

export function rememberQuestion(text: string): void {
  recentQuestions.value = [text, ...recentQuestions.value.filter((known) => known !== text)].slice(0, KEPT);
}

export function forgetQuestions(): void {
  recentQuestions.value = [];
}
