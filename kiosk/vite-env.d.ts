interface ImportMetaEnv {
  /** True in the demo build only; the production build drops every branch behind it. */
  readonly DEMO: boolean;
}
