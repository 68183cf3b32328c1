/** The workbench: virtual cards and fingers beside the kiosk. It exists in the demo build only; the production build must not contain it. */
import { mount } from 'svelte';
import Workbench from './Workbench.svelte';

export function mountWorkbench(): void {
  const target = document.createElement('div');
  target.id = 'workbench';
  document.body.append(target);
  mount(Workbench, { target });
}
