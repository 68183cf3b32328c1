/**
 * The kiosk: one page that shows the one public state which the agent is in. It decides nothing, keeps nothing beyond a visit, and never
 * holds a PIN in the page. It may import the agent's contract, and nothing else of the agent.
 */
import { mount } from 'svelte';
import './theme.css';
import App from './App.svelte';

const target = document.getElementById('station');
if (target === null) throw new Error('the page has no place for the station');
mount(App, { target });

if (import.meta.env.DEMO) {
  void import('./workbench/mount.ts').then(({ mountWorkbench }) => {
    mountWorkbench();
  });
}
