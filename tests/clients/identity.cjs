// Asks STS who we are, once for each line of standard input; every answer is one line of JSON.
// The client is made once and kept, as in a program that runs for long; with a third argument its
// role credentials are fetched anew for each question.
"use strict";

const { createInterface } = require("node:readline");
const { GetCallerIdentityCommand, STSClient } = require("@aws-sdk/client-sts");
const { fromSSO } = require("@aws-sdk/credential-provider-sso");

const [named, wanted, anew] = process.argv.slice(2);
const profile = named || undefined; // else whoever a bare client is
const credentials = wanted === "sso" ? fromSSO({ profile }) : undefined; // else the default chain
const sts = new STSClient({ profile, credentials, maxAttempts: 1 });

async function identity() {
  try {
    if (anew) await sts.config.credentials({ forceRefresh: true });
    return { account: (await sts.send(new GetCallerIdentityCommand({}))).Account };
  } catch (error) {
    return { error: error.name, message: error.message };
  }
}

async function main() {
  for await (const _ of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await identity()));
  }
}

main();
