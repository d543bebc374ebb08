/** Whether the question "cancel all?" stands. */
import { Store } from '../stores/store.ts';

class CancelAllDialogStore extends Store {
  open = false;

  show(): void {
    this.open = true;
    this.changedNow();
  }

  hide(): void {
    this.open = false;
    this.changedNow();
  }
}

export const cancelAllDialog = new CancelAllDialogStore();
