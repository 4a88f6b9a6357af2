import { choice, duration, flag, group, int, list, path, text } from '../property.js'

const secret = { sensitive: true }

export const tlsProperties = group('TLS', 'axoniq.axonserver.ssl', [
  flag('.enabled', false, 'TLS on both gRPC ports.'),
  path('.cert-chain-file', null, 'Certificate chain (PEM) of the gRPC ports.'),
  path('.private-key-file', null, 'Private key (PEM, PKCS#8) that belongs to the chain.'),
  path(
    '.internal-cert-chain-file',
    null,
    'Certificate chain (PEM) of the internal port, where it has its own.',
    {
      inherits: '.cert-chain-file'
    }
  ),
  path(
    '.internal-private-key-file',
    null,
    'Private key (PEM, PKCS#8) of the internal port, where it has its own.',
    {
      inherits: '.private-key-file'
    }
  ),
  path(
    '.internal-trust-manager-file',
    null,
    'Certificate authorities (PEM) by which nodes know each other.',
    {
      defaultText: 'the authorities that Node.js trusts'
    }
  ),
  choice(
    '.client-auth',
    ['none', 'optional', 'require'],
    'none',
    'Whether clients show a certificate (mutual TLS).'
  ),
  path('.trust-manager-file', null, 'Certificate authorities (PEM) of client certificates.'),
  choice('.internal-client-auth', ['none', 'require'], 'none', 'Whether nodes show each other certificates.'),
  choice(
    '.client-cert-principal',
    ['cn', 'san-uri', 'off'],
    'off',
    'What of a client certificate names the client.'
  ),
  flag('security.require-ssl', false, 'HTTPS only on the HTTP port.'),
  text('server.ssl.key-store-type', null, 'Kind of the HTTP key store: PKCS12.'),
  path('server.ssl.key-store', null, 'Key store with key and certificate of the HTTP port; turns HTTPS on.'),
  text('server.ssl.key-store-password', null, 'Password of the key store.', secret),
  text('server.ssl.key-alias', null, 'Which key of the key store to use.'),
  path('server.ssl.certificate', null, 'Certificate chain (PEM) of the HTTP port, instead of a key store.'),
  path('server.ssl.certificate-private-key', null, 'Private key (PEM) of the HTTP port.'),
  flag('server.ssl.enabled', null, 'HTTPS on the HTTP port.', {
    defaultText: 'true where a key store or certificate is set'
  })
])

export const accessControlProperties = group('Access control', 'axoniq.axonserver.accesscontrol', [
  flag('.enabled', false, 'Ask for a token (gRPC, REST) or a login (dashboard).'),
  duration('.cache-ttl', '30s', 'How long a token that was found good is not checked again.'),
  text('.token', null, 'Token of client applications.', { ...secret, aliases: ['axoniq.axonserver.token'] }),
  text('.admin-token', null, 'Token with the role ADMIN, for the command line.', {
    ...secret,
    aliases: ['axoniq.axonserver.admin-token']
  }),
  text('.internal-token', null, 'Secret that the nodes of a cluster share.', secret),
  path('.systemtokenfile', null, 'File with the system token.', {
    defaultText: '.token in axoniq.axonserver.accesscontrol.token-dir, made at the first start'
  }),
  flag('.same-origin', false, 'Let the dashboard be framed by pages of the same origin only.')
])

const ldap = { accepted: 'Users are kept by the server itself; there is no LDAP login.' }

export const ldapProperties = group('LDAP', 'axoniq.axonserver.enterprise.ldap', [
  flag('.enabled', false, 'Check dashboard users against LDAP.', ldap),
  text('.server-name', 'localhost', 'Host of the LDAP server.', ldap),
  int('.server-port', 389, 'Port of the LDAP server.', ldap),
  text('.server-url', null, 'Address of the LDAP server, instead of host and port.', ldap),
  text('.initial-bind-user-dn', null, 'Name for the first bind.', ldap),
  text('.initial-bind-password', null, 'Password for the first bind.', { ...ldap, ...secret }),
  text('.search-base', null, 'Where users are searched.', ldap),
  text('.search-filter', null, 'Filter that finds a user.', ldap),
  text('.group-base', null, 'Where groups are searched.', ldap),
  text('.group-filter', null, 'Filter that finds the groups of a user.', ldap),
  text('.roles.<group>', null, 'Roles of the members of a group, as ROLE@context.', ldap),
  flag('.active-directory', false, 'The server is an Active Directory.', ldap),
  text('.ad-domain', null, 'Active Directory domain.', ldap),
  flag('.using-pooled-queries', true, 'Reuse LDAP connections.', ldap),
  flag('.allowing-referrals', true, 'Follow LDAP referrals.', ldap),
  path('.trust-manager-file', null, 'Certificate authorities (PEM) of the LDAP server.', ldap)
])

const oauth = { accepted: 'Users are kept by the server itself; there is no OAuth2 login.' }
const registration = 'spring.security.oauth2.client.registration.<google|oidcclient>'

export const oauthProperties = group('OAuth2', 'axoniq.axonserver.enterprise.oauth2', [
  flag('.enabled', false, 'Log dashboard users in through another provider.', oauth),
  choice('.mode', ['google', 'oidc'], null, 'Kind of provider.', oauth),
  text('.authorization-uri', '/oauth2/authorization', 'Path that starts such a login.', oauth),
  text('.username-map.<provider>', null, 'Claim that holds the user name.', oauth),
  text('.request-params.<name>', null, 'Further parameters of the redirect to the provider.', oauth),
  flag('.force-oidc-logout', false, 'End the session at the provider too.', oauth),
  text(`${registration}.client-id`, null, 'Client id at the provider.', oauth),
  text(`${registration}.client-secret`, null, 'Client secret at the provider.', { ...oauth, ...secret }),
  text(`${registration}.client-name`, null, 'Client name at the provider.', oauth),
  text(`${registration}.provider`, null, 'Key of the provider.', oauth),
  list(`${registration}.scope`, null, 'Scopes to ask for.', oauth),
  text('spring.security.oauth2.client.provider.keycloak.issuer-uri', null, 'Address of the realm.', oauth)
])
