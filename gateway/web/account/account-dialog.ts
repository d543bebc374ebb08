/** Which question about accounts is asked, if any; and the credentials of a paper account, shown once. */
import { Store } from '../stores/store.ts';

export type AccountQuestion = 'log-in' | 'register' | 'token' | 'made';

class AccountDialogStore extends Store {
  question: AccountQuestion | undefined;
  /** Of the account that was just made by one click. */
  made: { readonly email: string; readonly password: string } | undefined;

  show(question: AccountQuestion): void {
    this.question = question;
    this.changedNow();
  }

  showMade(email: string, password: string): void {
    this.made = { email, password };
    this.show('made');
  }

  hide(): void {
    this.question = undefined;
    this.made = undefined;
    this.changedNow();
  }
}

export const accountDialog = new AccountDialogStore();
