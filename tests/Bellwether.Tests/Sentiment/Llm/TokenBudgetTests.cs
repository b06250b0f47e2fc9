using Bellwether.Sentiment.Llm;

namespace Bellwether.Tests.Sentiment.Llm;

public sealed class TokenBudgetTests
{
    sealed class Clock : TimeProvider
    {
        long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(double seconds) => _ticks += TimeSpan.FromSeconds(seconds).Ticks;
    }

    [Fact]
    public void Tokens_of_a_minute_are_there_at_once_and_further_ones_wait_in_order()
    {
        var clock = new Clock();
        var budget = new TokenBudget(600, clock);
        Assert.Equal(TimeSpan.Zero, budget.Take(400));
        Assert.Equal(TimeSpan.Zero, budget.Take(200));
        Assert.Equal(10, budget.Take(100).TotalSeconds, 0.001);
        Assert.Equal(15, budget.Take(50).TotalSeconds, 0.001);
        clock.Advance(15);
        Assert.Equal(1, budget.Take(10).TotalSeconds, 0.001);
    }

    [Fact]
    public void Unused_tokens_are_saved_up_to_one_minute()
    {
        var clock = new Clock();
        var budget = new TokenBudget(600, clock);
        clock.Advance(3_600);
        Assert.Equal(TimeSpan.Zero, budget.Take(600));
        Assert.Equal(1, budget.Take(10).TotalSeconds, 0.001);
    }

    [Fact]
    public void Estimates_are_set_right_by_what_was_used()
    {
        var clock = new Clock();
        var budget = new TokenBudget(600, clock);
        budget.Take(600);
        budget.Correct(600, 100);
        Assert.Equal(TimeSpan.Zero, budget.Take(500));
        budget.Correct(500, 560);
        Assert.Equal(7, budget.Take(10).TotalSeconds, 0.001);
    }

    [Fact]
    public void Pause_holds_everybody_with_and_without_a_limit()
    {
        var clock = new Clock();
        foreach (var budget in (TokenBudget[])[new(null, clock), new(1_000, clock)])
        {
            budget.Pause(TimeSpan.FromSeconds(30));
            budget.Pause(TimeSpan.FromSeconds(5));
            Assert.Equal(30, budget.Take(1).TotalSeconds, 0.001);
        }
        var later = new TokenBudget(null, clock);
        later.Pause(TimeSpan.FromSeconds(30));
        clock.Advance(31);
        Assert.Equal(TimeSpan.Zero, later.Take(1));
    }
}
