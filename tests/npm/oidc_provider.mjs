// A real OpenID Connect provider on a port of this machine, for the integration tests.
//
//     node oidc_provider.mjs PORT QUIRE_URL
//
// It is oidc-provider, a certified implementation, with its own pages to sign in: they take any
// name and password, and the name is the subject. It prints `listening` when it does.

import * as oidc from 'oidc-provider'

const [port, quire] = process.argv.slice(2)

const claimsOf = (id) => ({
  sub: id,
  name: `${id[0].toUpperCase()}${id.slice(1)} Example`,
  preferred_username: id,
  email: `${id}@example.org`,
})

const provider = new oidc.Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: 'quire',
      client_secret: 'a-secret-of-quire-and-its-provider',
      redirect_uris: [`${quire}/auth/oidc/callback`],
      post_logout_redirect_uris: [`${quire}/`],
    },
  ],
  claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email'] },
  cookies: { keys: ['a key that only tests use'] },
  findAccount: (_, id) => ({ accountId: id, claims: () => claimsOf(id) }),
  pkce: { required: () => true },
})
provider.listen(Number(port), '127.0.0.1', () => console.log('listening'))
