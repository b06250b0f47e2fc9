using System.Text.Json;

namespace Bellwether.Feeds;

sealed partial class JsonRecords
{
    static readonly FeedDefaults RedditFeed = new("reddit", EventType.Reddit);
    static readonly FeedDefaults XFeed = new("x", EventType.Tweet);

    // https://www.reddit.com/dev/api: a thing has a kind (t1 comment, t3 post, Listing, more) and its data.
    bool TryReddit(in JsonElement value, in Target target)
    {
        if (!value.TryGetProperty("kind", out var kindValue) || kindValue.ValueKind != JsonValueKind.String
            || !value.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Object) return false;
        switch (JsonText.Of(kindValue))
        {
            case "Listing" when data.TryGetProperty("children", out var children) && children.ValueKind == JsonValueKind.Array:
                foreach (var child in children.EnumerateArray()) Expand(child, target);
                return true;
            case "more":
                // A pointer to comments that are not in this page: nothing was said.
                return true;
            case "t1" or "t3":
                AddRedditThing(data, target);
                return true;
            default:
                return false;
        }
    }

    void AddRedditThing(in JsonElement data, in Target target)
    {
        var bag = input.Normalizer.NextBag();
        var replies = default(JsonElement);
        foreach (var property in data.EnumerateObject())
        {
            FieldMeaning? meaning = property.Name switch
            {
                "name" => new FieldMeaning(Field.Id, 1, Scope: "reddit"),
                "id" => new FieldMeaning(Field.Id, 2, Scope: "reddit"),
                "selftext" or "body" => new FieldMeaning(Field.Text, 1),
                "title" => new FieldMeaning(Field.Title, 1),
                "created_utc" => new FieldMeaning(Field.Timestamp, 1),
                "author" => new FieldMeaning(Field.Author, 1),
                "author_fullname" => new FieldMeaning(Field.AuthorId, 1),
                "url" => new FieldMeaning(Field.Url, 2),
                _ => null,
            };
            if (property.NameEquals("replies")) replies = property.Value;
            else if (meaning is { } known && property.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number)
                bag.Add(property.Name, property.Value, Unescape(JsonText.Of(property.Value), known.Field).AsMemory(), known);
            else bag.AddRaw(property.Name, property.Value);
        }
        // The page of the post itself; url is what a link post points to.
        if (Text(data, "permalink") is { } path && path.StartsWith('/'))
            bag.Offer(new(Field.Url, 1), $"https://www.reddit.com{path}".AsMemory());
        target.Output.Add(input.Finish(RedditFeed, target.Next, Raw(data)));
        if (replies.ValueKind == JsonValueKind.Object) Expand(replies, target);
    }

    // https://developer.x.com/en/docs/x-api: data is a post or an array of posts; includes.users holds their authors.
    bool TryX(in JsonElement value, in Target target)
    {
        if (!value.TryGetProperty("data", out var data))
        {
            // A page without posts has no data at all.
            return value.TryGetProperty("meta", out var meta) && meta.ValueKind == JsonValueKind.Object
                && Text(meta, "result_count") == "0";
        }
        var sample = data.ValueKind == JsonValueKind.Array && data.GetArrayLength() > 0 ? data[0] : data;
        if (sample.ValueKind != JsonValueKind.Object || !sample.TryGetProperty("id", out _) || !sample.TryGetProperty("text", out _))
            return false;
        var users = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (value.TryGetProperty("includes", out var includes) && includes.ValueKind == JsonValueKind.Object
            && includes.TryGetProperty("users", out var list) && list.ValueKind == JsonValueKind.Array)
            foreach (var user in list.EnumerateArray())
                if (user.ValueKind == JsonValueKind.Object && Text(user, "id") is { } id) users.TryAdd(id, user);
        if (data.ValueKind == JsonValueKind.Object) target.Output.Add(Post(data, users, target));
        else
            foreach (var post in data.EnumerateArray())
                target.Output.Add(post.ValueKind == JsonValueKind.Object
                    ? Post(post, users, target)
                    : input.Reject(target.Next, "an item of data is not a post", Raw(post)));
        return true;
    }

    FeedRecord Post(in JsonElement post, Dictionary<string, JsonElement> users, in Target target)
    {
        var bag = input.Normalizer.NextBag();
        var id = Text(post, "id") ?? "";
        var author = Text(post, "author_id") is { } authorId && users.TryGetValue(authorId, out var user) ? user : default;
        foreach (var property in post.EnumerateObject())
        {
            FieldMeaning? meaning = property.Name switch
            {
                "id" => new FieldMeaning(Field.Id, 1, Scope: "tweet"),
                "text" => new FieldMeaning(Field.Text, 2),
                "created_at" => new FieldMeaning(Field.Timestamp, 1),
                "author_id" => new FieldMeaning(Field.AuthorId, 1),
                _ => null,
            };
            if (meaning is { } known && property.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number)
                bag.Add(property.Name, property.Value, Unescape(JsonText.Of(property.Value), known.Field).AsMemory(), known);
            else bag.AddRaw(property.Name, property.Value);
        }
        // text of a long post is cut; the note holds it whole.
        if (post.TryGetProperty("note_tweet", out var note) && note.ValueKind == JsonValueKind.Object && Text(note, "text") is { } whole)
            bag.Offer(new(Field.Text, 1), Unescape(whole, Field.Text).AsMemory());
        AddCashtags(bag, post);
        if (note.ValueKind == JsonValueKind.Object) AddCashtags(bag, note);
        var username = "i/web";
        if (author.ValueKind == JsonValueKind.Object)
        {
            AddObject(bag, author, new(Field.Author, 1));
            bag.AddRaw("author", author);
            username = Text(author, "username") ?? username;
        }
        bag.Offer(new(Field.Url, 1), $"https://x.com/{username}/status/{id}".AsMemory());
        return input.Finish(XFeed, target.Next, Raw(post));
    }

    static void AddCashtags(FieldBag bag, in JsonElement holder)
    {
        if (!holder.TryGetProperty("entities", out var entities) || entities.ValueKind != JsonValueKind.Object
            || !entities.TryGetProperty("cashtags", out var tags) || tags.ValueKind != JsonValueKind.Array) return;
        foreach (var item in tags.EnumerateArray())
            if (item.ValueKind == JsonValueKind.Object && Text(item, "tag") is { } tag) (bag.TickerItems ??= []).Add(tag);
    }

    // Both platforms deliver the three characters of markup as entities, whatever the text.
    static string Unescape(string text, Field field) =>
        field is Field.Text or Field.Title && text.Contains('&')
            ? text.Replace("&lt;", "<", StringComparison.Ordinal).Replace("&gt;", ">", StringComparison.Ordinal)
                .Replace("&amp;", "&", StringComparison.Ordinal)
            : text;
}
