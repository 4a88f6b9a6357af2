/** A sentence that says what happened and where, and one that says what to do. `{name}` is filled in. */
export interface KernelErrorDescription {
  readonly title: string
  readonly sentence: string
  readonly remedy: string
}

/** Everything that keeps the server from starting, or from stopping well. A code never changes its meaning. */
export const kernelErrors = {
  KERNEL_CONFIGURATION: {
    title: 'The configuration cannot be used',
    sentence: '{problems}',
    remedy: 'Correct it and try it with: myelin config check'
  },
  KERNEL_PLUGIN_NOT_FOUND: {
    title: 'A plugin is not where it was looked for',
    sentence: 'Plugin {plugin} was not found. Looked for: {places}.',
    remedy:
      'Correct its name in myelin.plugins, install the package in the working directory, or name its directory in myelin.plugin-path.'
  },
  KERNEL_PLUGIN_EMPTY: {
    title: 'A plugin has no code',
    sentence: 'Plugin {plugin} has no code to load: {file} does not exist.',
    remedy:
      'Name the file in its package.json as "myelin": { "plugin": "./index.js" }, or build the plugin first.'
  },
  KERNEL_PLUGIN_PACKAGE: {
    title: 'The package.json of a plugin cannot be read',
    sentence: 'The package.json of plugin {plugin} cannot be used: {reason} ({file}).',
    remedy: 'Correct the file or install the plugin again.'
  },
  KERNEL_PLUGIN_PEER_MISSING: {
    title: 'A package that a plugin needs is missing',
    sentence: 'Plugin {plugin} needs the package {peer}, which cannot be found from {directory}.',
    remedy: 'Install it there: npm install {peer}'
  },
  KERNEL_PLUGIN_SYNTAX: {
    title: 'The code of a plugin is broken',
    sentence: 'The code of plugin {plugin} cannot be parsed or linked: {reason} ({file}).',
    remedy:
      'Correct the code, or take the plugin out of myelin.plugins. This shows the line: node --check {file}'
  },
  KERNEL_PLUGIN_IMPORT: {
    title: 'A plugin fails while it is loaded',
    sentence: 'Plugin {plugin} failed while it was loaded from {file}: {reason}.',
    remedy:
      'Correct it, or take it out of myelin.plugins; myelin start --explain shows the stack. A plugin does its work in start, not when it is imported.'
  },
  KERNEL_PLUGIN_EXPORT: {
    title: 'A plugin exports no declaration',
    sentence: 'Plugin {plugin} has no default export ({file}).',
    remedy:
      'Write: export default definePlugin({ ... }), or in CommonJS: module.exports = definePlugin({ ... })'
  },
  KERNEL_PLUGIN_MANIFEST: {
    title: 'The declaration of a plugin is wrong',
    sentence: 'The declaration of plugin {plugin} cannot be used: {faults} ({file}).',
    remedy: 'Correct the object that the plugin exports; docs/plugins.md has its fields.'
  },
  KERNEL_PLUGIN_VERSION: {
    title: 'A plugin was built for another version',
    sentence: 'Plugin {plugin} was built for Myelin {range}, and this is Myelin {version}.',
    remedy: 'Install a release of the plugin that fits this version of Myelin.'
  },
  KERNEL_PLUGIN_DUPLICATE: {
    title: 'Two plugins have the same name',
    sentence: 'Two plugins have the name {plugin}: {first} and {second}.',
    remedy: 'Take one of them out of myelin.plugins.'
  },
  KERNEL_PLUGIN_CYCLE: {
    title: 'Plugins need each other in a circle',
    sentence: 'The plugins need each other in a circle: {cycle} ({reasons}).',
    remedy:
      'Break the circle: take one of them out of myelin.plugins, or let it fetch the service later as optional.'
  },
  KERNEL_SERVICE_MISSING: {
    title: 'Nobody provides a service that a plugin requires',
    sentence: 'Plugin {plugin} requires the service {service}, and no loaded plugin provides it.',
    remedy: 'Add a plugin that provides it to myelin.plugins.'
  },
  KERNEL_SERVICE_AMBIGUOUS: {
    title: 'Several plugins provide the same service',
    sentence: 'The service {service} is provided by {plugins}.',
    remedy: 'Name the one to use: myelin.services.{service}={first}'
  },
  KERNEL_SERVICE_CHOICE: {
    title: 'The plugin named for a service does not provide it',
    sentence:
      'myelin.services.{service} names {plugin}, which does not provide that service. It is provided by {plugins}.',
    remedy: 'Correct the property, or add the plugin to myelin.plugins.'
  },
  KERNEL_SERVICE_RESERVED: {
    title: 'A plugin provides a service of the kernel',
    sentence: 'Plugin {plugin} provides the service {service}, which the kernel itself provides.',
    remedy: 'Take the service out of its provides.'
  },
  KERNEL_SERVICE_UNBOUND: {
    title: 'A plugin does not keep its promise',
    sentence:
      'Plugin {plugin} promises the service {service} in its provides, and its register did not bind it.',
    remedy: 'Bind the service in register, or take it out of provides.'
  },
  KERNEL_SERVICE_UNPROMISED: {
    title: 'A plugin binds what it did not announce',
    sentence: 'Plugin {plugin} binds {service}, which is not in its {list}.',
    remedy: 'Add the token to {list}: the order in which plugins start depends on it.'
  },
  KERNEL_SERVICE_BOUND_TWICE: {
    title: 'A service is bound twice',
    sentence: 'The service {service} is already bound.',
    remedy: 'Bind a service once. For many contributions use add and an extension point.'
  },
  KERNEL_SERVICE_UNKNOWN: {
    title: 'A service is asked for that nobody has bound',
    sentence: 'The service {service} is not bound.',
    remedy:
      'Name it in requires, so that its absence shows before the start; or in optional, and ask with find.'
  },
  KERNEL_SERVICE_CIRCULAR: {
    title: 'Services need each other while they are made',
    sentence: 'The services need each other while they are made: {cycle}.',
    remedy: 'Fetch one of them later, in start or at its first use.'
  },
  KERNEL_PROPERTY_CLASH: {
    title: 'A property has two owners',
    sentence: 'The property {property} of plugin {plugin} belongs to {owner} already.',
    remedy: 'Give the property a name of its own, for example below the name of the plugin.'
  },
  KERNEL_REGISTER_FAILED: {
    title: 'A plugin fails in register',
    sentence: 'Plugin {plugin} failed in register: {reason}.',
    remedy:
      'Correct the plugin or its properties, or take it out of myelin.plugins; myelin start --explain shows the stack.'
  },
  KERNEL_START_FAILED: {
    title: 'A plugin fails in start',
    sentence: 'Plugin {plugin} failed in start: {reason}.',
    remedy: 'Remove the cause that is named; what had started before was stopped again.'
  },
  KERNEL_START_TIMEOUT: {
    title: 'A plugin does not finish its start',
    sentence: 'Plugin {plugin} did not finish its start within {seconds} seconds.',
    remedy: 'See what it was waiting for; a plugin that needs longer states startDeadlineMs.'
  },
  KERNEL_START_CANCELLED: {
    title: 'The start was cancelled',
    sentence: 'The start was cancelled at plugin {plugin}.',
    remedy: 'Nothing to do: somebody asked the server to stop. What had started was stopped again.'
  },
  KERNEL_STOP_FAILED: {
    title: 'A plugin fails in stop',
    sentence: 'Plugin {plugin} failed in stop: {reason}.',
    remedy: 'The other plugins were stopped all the same. See whether the plugin lost anything.'
  },
  KERNEL_STOP_TIMEOUT: {
    title: 'A plugin does not finish its stop',
    sentence: 'Plugin {plugin} did not finish its stop within {seconds} seconds.',
    remedy: 'The other plugins were stopped all the same. A plugin that needs longer states stopDeadlineMs.'
  }
} as const satisfies Record<string, KernelErrorDescription>

export type KernelErrorCode = keyof typeof kernelErrors
