/** A setting or a secret of a provider, as a field of a form. */
export interface ProviderField {
  key: string;
  label: string;
  about?: string;
  placeholder?: string;
  required?: boolean;
  secret?: boolean;
  number?: boolean;
  choices?: readonly { value: string; label: string }[];
}

/** What carries messages, and what must be known to use it. */
export interface Provider {
  name: string;
  about: string;
  fields: readonly ProviderField[];
}

/** The providers that can be set up here, by the names that the server gives them. */
export const providers: Record<string, Provider> = {
  smtp: {
    name: 'Email by a mail server',
    about: 'Any server that takes mail by SMTP: your own, or that of a provider.',
    fields: [
      { key: 'host', label: 'Server', placeholder: 'smtp.example.com', required: true },
      { key: 'port', label: 'Port', placeholder: '587', number: true },
      {
        key: 'tls',
        label: 'Encryption',
        choices: [
          { value: 'starttls', label: 'STARTTLS (port 587)' },
          { value: 'implicit', label: 'TLS from the start (port 465)' },
          { value: 'none', label: 'None: a server beside this one, without a password' },
        ],
      },
      { key: 'username', label: 'User name' },
      { key: 'password', label: 'Password', secret: true },
      {
        key: 'from',
        label: 'Sender',
        about: 'Of messages whose template has none.',
        placeholder: 'Your shop <hello@example.com>',
        required: true,
      },
      {
        key: 'dkim_domain',
        label: 'Sign for the domain (DKIM)',
        about: 'The keys are made here. Left empty, nothing is signed.',
        placeholder: 'example.com',
      },
    ],
  },
  webhook: {
    name: 'Webhook',
    about: 'Calls to other systems, signed as Standard Webhooks say.',
    fields: [],
  },
};
