// What a client made with masto.js does on a day: log in, upload, publish, talk, read, listen.
// node journey.mjs URL NAME PASSWORD OTHER_NAME: prints one line of JSON with what it has seen.

import assert from "node:assert/strict";
import { createOAuthAPIClient, createRestAPIClient, createStreamingAPIClient } from "masto";
import { readFile } from "node:fs/promises";

const [url, name, password, other, photo] = process.argv.slice(2);
const scope = "read write follow";

async function logIn(username) {
  const visitor = createRestAPIClient({ url });
  const app = await visitor.v1.apps.create({
    clientName: "masto.js", redirectUris: "urn:ietf:wg:oauth:2.0:oob", scopes: scope,
  });
  const token = await createOAuthAPIClient({ url }).token.create({
    grantType: "password", clientId: app.clientId, clientSecret: app.clientSecret, username, password, scope,
  });
  return token.accessToken;
}

const accessToken = await logIn(name);
const masto = createRestAPIClient({ url, accessToken });
const friend = createRestAPIClient({ url, accessToken: await logIn(other) });

const me = await masto.v1.accounts.verifyCredentials();
assert.equal(me.username, name);
const them = await masto.v1.accounts.lookup({ acct: other });
assert.equal((await masto.v1.accounts.$select(them.id).follow()).following, true);

const media = await masto.v2.media.create({
  file: new Blob([await readFile(photo)], { type: "image/jpeg" }), description: "a teal field",
});
const post = await masto.v1.statuses.create({ status: "Hello #masto", mediaIds: [media.id], visibility: "public" });
assert.equal(post.mediaAttachments[0].description, "a teal field");
const reply = await friend.v1.statuses.create({ status: `@${name} lovely`, inReplyToId: post.id });
await friend.v1.statuses.$select(post.id).favourite();
await friend.v1.statuses.$select(post.id).reblog();

const context = await masto.v1.statuses.$select(post.id).context.fetch();
assert.deepEqual(context.descendants.map((each) => each.id), [reply.id]);
const seen = await masto.v1.statuses.$select(post.id).fetch();
assert.deepEqual([seen.favouritesCount, seen.reblogsCount, seen.repliesCount], [1, 1, 1]);

const home = await masto.v1.timelines.home.list({ limit: 5 });
assert.ok(home.some((each) => each.id === post.id || each.reblog?.id === post.id));
const tagged = await masto.v1.timelines.tag.$select("masto").list();
assert.deepEqual(tagged.map((each) => each.id), [post.id]);
const everything = [];
for await (const page of masto.v1.timelines.public.list({ limit: 1 })) everything.push(...page);
assert.ok(everything.some((each) => each.id === post.id));

async function notified(count) {
  for (let tries = 0; tries < 200; tries += 1) {
    const found = await masto.v1.notifications.list();
    if (found.length >= count) return found.map((each) => each.type).sort();
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error("not notified");
}
assert.deepEqual(await notified(3), ["favourite", "mention", "reblog"]);

const instance = await masto.v2.instance.fetch();
const streaming = createStreamingAPIClient({ streamingApiUrl: instance.configuration.urls.streaming, accessToken });
const subscription = streaming.user.subscribe();
const heard = (async () => {
  for await (const event of subscription) {
    if (event.event === "update") return event.payload;
  }
})();
let live;
// The subscription is made behind our back: publish until it is there.
for (let tries = 0; tries < 40 && live === undefined; tries += 1) {
  await friend.v1.statuses.create({ status: `are you there? ${tries}` });
  live = await Promise.race([heard, new Promise((done) => setTimeout(done, 500))]);
}
assert.equal(live.account.username, other);
subscription.unsubscribe();
streaming.close();

console.log(JSON.stringify({ post: post.id, reply: reply.id, live: live.id }));
process.exit(0);
