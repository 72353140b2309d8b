import { setting } from './setting.ts';
import * as is from './setting-kinds.ts';

export const WITH_KAFKA = ['up', 'ingestion-api', 'metrics-processor', 'topics', 'dead-letters', 'doctor'] as const;

/** How the brokers are reached safely, and who we are to them. */
export const KAFKA_SECURITY_SETTINGS = {
  kafkaTls: setting({
    env: 'KAFKA_TLS',
    kind: is.flag,
    fallback: 'false',
    commands: WITH_KAFKA,
    about: 'connect to the brokers by TLS',
  }),
  kafkaTlsCa: setting({
    env: 'KAFKA_TLS_CA',
    kind: is.text,
    commands: WITH_KAFKA,
    about: "file with the certificate authority that signed the brokers' certificates",
  }),
  kafkaTlsCert: setting({
    env: 'KAFKA_TLS_CERT',
    kind: is.text,
    commands: WITH_KAFKA,
    about: 'file with our certificate, for brokers that ask for one',
  }),
  kafkaTlsKey: setting({
    env: 'KAFKA_TLS_KEY',
    kind: is.text,
    commands: WITH_KAFKA,
    about: 'file with the key of our certificate',
  }),
  kafkaSaslMechanism: setting({
    env: 'KAFKA_SASL_MECHANISM',
    kind: is.oneOf('PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER', 'AWS_MSK_IAM'),
    commands: WITH_KAFKA,
    about:
      'how to authenticate with the brokers: by user name and password, by a token of OAuth 2, or as an AWS identity',
  }),
  kafkaSaslUsername: setting({
    env: 'KAFKA_SASL_USERNAME',
    kind: is.text,
    commands: WITH_KAFKA,
    about: 'user name for SASL',
  }),
  kafkaSaslPassword: setting({
    env: 'KAFKA_SASL_PASSWORD',
    kind: is.secret,
    commands: WITH_KAFKA,
    about: 'password for SASL',
  }),
  kafkaOauthTokenEndpoint: setting({
    env: 'KAFKA_OAUTH_TOKEN_ENDPOINT',
    kind: is.httpUrl,
    commands: WITH_KAFKA,
    about: 'for OAUTHBEARER: where a token is asked for by client id and secret, again before each one ends',
  }),
  kafkaOauthClientId: setting({
    env: 'KAFKA_OAUTH_CLIENT_ID',
    kind: is.text,
    commands: WITH_KAFKA,
    about: 'client id for the token endpoint',
  }),
  kafkaOauthClientSecret: setting({
    env: 'KAFKA_OAUTH_CLIENT_SECRET',
    kind: is.secret,
    commands: WITH_KAFKA,
    about: 'client secret for the token endpoint',
  }),
  kafkaOauthScope: setting({
    env: 'KAFKA_OAUTH_SCOPE',
    kind: is.text,
    commands: WITH_KAFKA,
    about: 'scope that the token endpoint is asked for',
  }),
  kafkaOauthAudience: setting({
    env: 'KAFKA_OAUTH_AUDIENCE',
    kind: is.text,
    commands: WITH_KAFKA,
    about: 'audience that the token endpoint is asked for, where it wants one',
  }),
  kafkaOauthToken: setting({
    env: 'KAFKA_OAUTH_TOKEN',
    kind: is.secret,
    commands: WITH_KAFKA,
    about:
      'for OAUTHBEARER without a token endpoint: the token itself; from a file it is read again at each authentication, as Kubernetes renews those of service accounts',
  }),
  kafkaOauthExtensions: setting({
    env: 'KAFKA_OAUTH_EXTENSIONS',
    kind: is.pairs,
    commands: WITH_KAFKA,
    about: 'extensions of OAUTHBEARER, such as logicalCluster=lkc-1,identityPoolId=pool-1 of Confluent Cloud',
  }),
  awsRegion: setting({
    env: 'AWS_REGION',
    kind: is.text,
    commands: WITH_KAFKA,
    about: "for AWS_MSK_IAM: the cluster's region; read from the brokers' names where absent",
  }),
};
