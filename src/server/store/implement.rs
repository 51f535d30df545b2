//! The trait, implemented once for both stores: each call becomes a function of the adapter's
//! modules, run on a connection for reading or for writing.

use std::time::Duration;

/// How many rows go into one transaction when many are added.
pub const CHUNK: usize = 2000;
/// How long the deletion of an account may take: all messages are looked through for those to it.
pub const DELETION: Duration = Duration::from_secs(60);

/// Implements [`Store`](super::Store) for a type with the fields `reads`, `writes` and
/// `sends`, where the modules named below exist.
macro_rules! implement_store {
    ($store:ty) => {
        #[async_trait::async_trait]
        impl Store for $store {
            async fn migrate(&self) -> Result<()> {
                self.run_migrations().await?;
                Ok(())
            }

            async fn ping(&self) -> Result<()> {
                Ok(self.reads.run(|db| async move { Ok(sqlx::Connection::ping(db).await?) }.boxed()).await?)
            }

            async fn watermark(&self) -> Result<DateTime<Utc>> {
                Ok(self.reads.run(|db| conversations::watermark(db).boxed()).await?)
            }

            async fn create_profile(&self, profile: &NewProfile) -> Result<bool> {
                let profile = profile.clone();
                Ok(self.writes.run(move |db| people::create_profile(db, profile).boxed()).await?)
            }

            async fn seed_profiles(&self, profiles: &[NewProfile]) -> Result<Vec<UserId>> {
                let mut ids = Vec::with_capacity(profiles.len());
                for chunk in profiles.chunks(CHUNK) {
                    let chunk = chunk.to_vec();
                    ids.extend(self.writes.run(move |db| people::seed_profiles(db, chunk).boxed()).await?);
                }
                Ok(ids)
            }

            async fn credentials(&self, username: &Username) -> Result<Option<Verified>> {
                let username = username.clone();
                Ok(self.reads.run(move |db| people::credentials(db, username).boxed()).await?)
            }

            async fn change_password(
                &self,
                verified: &Verified,
                hash: &str,
                kept: SessionId,
            ) -> Result<Option<Vec<SessionId>>> {
                let (verified, hash) = (verified.clone(), hash.to_owned());
                Ok(self
                    .writes
                    .run(move |db| people::change_password(db, verified, hash, kept).boxed())
                    .await?)
            }

            async fn delete_account(&self, user: UserId) -> Result<Option<Departed>> {
                Ok(self.writes.run_for(DELETION, move |db| people::delete_account(db, user).boxed()).await?)
            }

            async fn profile(
                &self,
                viewer: UserId,
                id: UserId,
                now: DateTime<Utc>,
            ) -> Result<Option<ScoredProfile>> {
                let found = self.reads.run(move |db| {
                    async move {
                        let profile = people::profiles(db, viewer, vec![id], alive(now)).await?.pop();
                        let score = if viewer == id { None } else { search::score(db, viewer, id).await? };
                        Ok(profile.map(|profile| ScoredProfile { profile, score }))
                    }
                    .boxed()
                });
                Ok(found.await?)
            }

            async fn search_matches(
                &self,
                viewer: UserId,
                text: &str,
                limit: u32,
                after: Option<MatchCursor>,
                now: DateTime<Utc>,
            ) -> Result<MatchPage> {
                let text = text.to_owned();
                Ok(self
                    .reads
                    .run(move |db| {
                        async move {
                            let (ranked, more) = search::page(db, viewer, &text, limit, after).await?;
                            let ids = ranked.iter().map(|entry| entry.id).collect();
                            let profiles = people::profiles(db, viewer, ids, alive(now)).await?;
                            Ok(match_page(ranked, more, profiles))
                        }
                        .boxed()
                    })
                    .await?)
            }

            async fn open_session(
                &self,
                token: &Digest,
                session: &Session,
                verified: &Verified,
            ) -> Result<bool> {
                let (token, session, verified) = (*token, session.clone(), verified.clone());
                Ok(self
                    .writes
                    .run(move |db| sessions::open_session(db, token, session, verified).boxed())
                    .await?)
            }

            async fn create_sessions(&self, sessions: &[(Digest, Session)]) -> Result<()> {
                for chunk in sessions.chunks(CHUNK) {
                    let chunk = chunk.to_vec();
                    self.writes.run(move |db| sessions::create_sessions(db, chunk).boxed()).await?;
                }
                Ok(())
            }

            async fn session(&self, token: &Digest) -> Result<Option<Session>> {
                let token = *token;
                Ok(self.reads.run(move |db| sessions::session(db, token).boxed()).await?)
            }

            async fn touch_session(&self, id: SessionId, now: DateTime<Utc>) -> Result<()> {
                Ok(self.writes.run(move |db| sessions::touch_session(db, id, now).boxed()).await?)
            }

            async fn sessions_of(
                &self,
                user: UserId,
                since: DateTime<Utc>,
                limit: u32,
            ) -> Result<Vec<Session>> {
                Ok(self.reads.run(move |db| sessions::sessions_of(db, user, since, limit).boxed()).await?)
            }

            async fn revoke_session(&self, user: UserId, id: SessionId) -> Result<bool> {
                Ok(self.writes.run(move |db| sessions::revoke_session(db, user, id).boxed()).await?)
            }

            async fn revoked_since(&self, since: DateTime<Utc>) -> Result<Vec<SessionId>> {
                Ok(self.reads.run(move |db| sessions::revoked_since(db, since).boxed()).await?)
            }

            async fn expired_sessions(
                &self,
                ids: &[SessionId],
                made: DateTime<Utc>,
                used: DateTime<Utc>,
            ) -> Result<Vec<SessionId>> {
                let ids = ids.to_vec();
                Ok(self.reads.run(move |db| sessions::expired_sessions(db, ids, made, used).boxed()).await?)
            }

            async fn create_ticket(&self, digest: &Digest, ticket: &Ticket) -> Result<()> {
                let (digest, ticket) = (*digest, *ticket);
                Ok(self.writes.run(move |db| sessions::create_ticket(db, digest, ticket).boxed()).await?)
            }

            async fn take_ticket(&self, digest: &Digest) -> Result<Option<Ticket>> {
                let digest = *digest;
                Ok(self.writes.run(move |db| sessions::take_ticket(db, digest).boxed()).await?)
            }

            async fn insert_messages(&self, messages: Vec<NewMessage>) -> Result<Vec<Insert>> {
                Ok(self.sends.store(messages).await?)
            }

            async fn get_messages_between(
                &self,
                me: UserId,
                peer: UserId,
                limit: u32,
                position: Position,
            ) -> Result<Option<HistoryPage>> {
                Ok(self.reads.run(move |db| messages::history(db, me, peer, limit, position).boxed()).await?)
            }

            async fn conversations(
                &self,
                me: UserId,
                limit: u32,
                before: Option<ConversationCursor>,
                now: DateTime<Utc>,
            ) -> Result<ConversationPage> {
                Ok(self
                    .reads
                    .run(move |db| conversations::conversations(db, me, limit, before, alive(now)).boxed())
                    .await?)
            }

            async fn conversation_heads(
                &self,
                me: UserId,
                limit: u32,
                now: DateTime<Utc>,
            ) -> Result<Vec<ConversationHead>> {
                Ok(self.reads.run(move |db| conversations::heads(db, me, limit, alive(now)).boxed()).await?)
            }

            async fn last_seqs(&self, me: UserId, peers: &[UserId]) -> Result<BTreeMap<UserId, Seq>> {
                let peers = peers.to_vec();
                Ok(self.reads.run(move |db| conversations::last_seqs(db, me, peers).boxed()).await?)
            }

            async fn mark_read(
                &self,
                me: UserId,
                peer: UserId,
                seq: Seq,
                now: DateTime<Utc>,
            ) -> Result<Mark> {
                Ok(self.writes.run(move |db| messages::mark_read(db, me, peer, seq, now).boxed()).await?)
            }

            async fn mark_delivered(&self, me: UserId, peer: UserId, seq: Seq) -> Result<Mark> {
                Ok(self.writes.run(move |db| messages::mark_delivered(db, me, peer, seq).boxed()).await?)
            }

            async fn changed_since(
                &self,
                users: &[UserId],
                since: DateTime<Utc>,
                now: DateTime<Utc>,
            ) -> Result<Vec<(UserId, ConversationHead)>> {
                let users = users.to_vec();
                Ok(self
                    .reads
                    .run(move |db| conversations::changed_since(db, users, since, alive(now)).boxed())
                    .await?)
            }

            async fn outdated(&self, before: DateTime<Utc>, after: Option<Pair>) -> Result<Outdated> {
                Ok(self.reads.run(move |db| retention::outdated(db, before, after).boxed()).await?)
            }

            async fn forget_messages(
                &self,
                pair: Pair,
                before: DateTime<Utc>,
                now: DateTime<Utc>,
            ) -> Result<u64> {
                Ok(self
                    .writes
                    .run(move |db| retention::forget_messages(db, pair, before, now).boxed())
                    .await?)
            }

            async fn forget_sends(&self, before: DateTime<Utc>) -> Result<u64> {
                Ok(self.writes.run(move |db| retention::forget_sends(db, before).boxed()).await?)
            }

            async fn forget_sessions(
                &self,
                made: DateTime<Utc>,
                used: DateTime<Utc>,
                ended: DateTime<Utc>,
            ) -> Result<u64> {
                Ok(self
                    .writes
                    .run(move |db| retention::forget_sessions(db, made, used, ended).boxed())
                    .await?)
            }

            async fn forget_tickets(&self, before: DateTime<Utc>) -> Result<u64> {
                Ok(self.writes.run(move |db| retention::forget_tickets(db, before).boxed()).await?)
            }

            async fn change_contact(
                &self,
                me: UserId,
                peer: UserId,
                change: ContactChange,
            ) -> Result<Option<Contact>> {
                Ok(self.writes.run(move |db| contacts::change(db, me, peer, change).boxed()).await?)
            }

            async fn is_silent(&self, a: UserId, b: UserId) -> Result<bool> {
                Ok(self.reads.run(move |db| contacts::is_silent(db, a, b).boxed()).await?)
            }

            async fn report(&self, report: &Report) -> Result<bool> {
                let report = report.clone();
                Ok(self.writes.run(move |db| contacts::report(db, report).boxed()).await?)
            }

            async fn reports(
                &self,
                by: Option<UserId>,
                after: Option<Uuid>,
                limit: u32,
            ) -> Result<Vec<Report>> {
                Ok(self.reads.run(move |db| contacts::reports(db, by, after, limit).boxed()).await?)
            }

            async fn acquaintances(
                &self,
                user: UserId,
                after: Option<UserId>,
                limit: u32,
            ) -> Result<Vec<Acquaintance>> {
                Ok(self.reads.run(move |db| contacts::acquaintances(db, user, after, limit).boxed()).await?)
            }

            async fn beat(&self, instance: InstanceId, is_cut_off: bool, now: DateTime<Utc>) -> Result<bool> {
                Ok(self.writes.run(move |db| presence::beat(db, instance, is_cut_off, now).boxed()).await?)
            }

            async fn is_any_cut_off(&self, now: DateTime<Utc>) -> Result<bool> {
                Ok(self.reads.run(move |db| presence::is_any_cut_off(db, alive(now)).boxed()).await?)
            }

            async fn arrive(
                &self,
                user: UserId,
                instance: InstanceId,
                now: DateTime<Utc>,
            ) -> Result<Option<bool>> {
                Ok(self.writes.run(move |db| presence::arrive(db, user, instance, now).boxed()).await?)
            }

            async fn depart(&self, user: UserId, instance: InstanceId, now: DateTime<Utc>) -> Result<bool> {
                Ok(self.writes.run(move |db| presence::depart(db, user, instance, now).boxed()).await?)
            }

            async fn reap(&self, deadline: DateTime<Utc>) -> Result<Vec<(UserId, DateTime<Utc>)>> {
                Ok(self.writes.run(move |db| presence::reap(db, deadline).boxed()).await?)
            }

            async fn peers(&self, user: UserId, limit: u32) -> Result<Vec<UserId>> {
                Ok(self.reads.run(move |db| conversations::peers(db, user, limit).boxed()).await?)
            }
        }
    };
}
pub(super) use implement_store;
