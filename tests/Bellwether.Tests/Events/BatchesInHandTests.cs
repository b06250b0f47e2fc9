using Bellwether.Events;

namespace Bellwether.Tests.Events;

/// <summary>What a member is still working on while it polls ahead.</summary>
public sealed class BatchesInHandTests
{
    static LogEntry Entry(int partition, long offset) => new("t", partition, offset, "K", new byte[1], new Dictionary<string, string>(), DateTimeOffset.UnixEpoch);

    [Fact]
    public void A_batch_stays_in_hand_through_the_poll_behind_it_and_ends_when_it_is_acknowledged()
    {
        var hand = new BatchesInHand();
        hand.Polled();
        hand.Handed([Entry(0, 0), Entry(0, 1), Entry(1, 0)]);
        hand.Polled();
        hand.Handed([Entry(0, 2)]);
        var ending = hand.Ending([0]);
        hand.Acknowledged([new(0, 2)]);
        Assert.True(ending!.IsCompleted);
        // The batch ahead is of the same partition.
        Assert.Equal([0, 1], hand.Partitions.Order());
        hand.Acknowledged([new(1, 1)]);
        Assert.Null(hand.Ending([1]));
        hand.Acknowledged([new(0, 3)]);
        Assert.Empty(hand.Partitions);
    }

    [Fact]
    public void Nobody_who_never_acknowledges_holds_a_partition_for_more_than_one_poll()
    {
        var hand = new BatchesInHand();
        hand.Polled();
        hand.Handed([Entry(0, 0)]);
        hand.Polled();
        Assert.NotNull(hand.Ending([0]));
        hand.Polled();
        Assert.Null(hand.Ending([0]));
    }

    [Fact]
    public void What_was_given_back_is_not_in_hand()
    {
        var hand = new BatchesInHand();
        hand.Polled();
        hand.Handed([Entry(0, 0)]);
        var ending = hand.Ending([0, 7]);
        hand.Returned();
        Assert.True(ending!.IsCompleted);
        Assert.Null(hand.Ending([0, 7]));
    }
}
