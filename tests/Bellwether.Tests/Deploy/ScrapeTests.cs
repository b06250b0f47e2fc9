using System.Text.Json;
using Bellwether.Tests.Api;
using Bellwether.Tests.Support;
using static Bellwether.Tests.Deploy.DeployFiles;

namespace Bellwether.Tests.Deploy;

/// <summary>The scrape configurations, and the one for Kubernetes against the manifests beside it.</summary>
public sealed class ScrapeTests(TestServer server)
{
    const string Secret = "a-token-of-the-test-0123456789";
    static readonly string[] Configurations = ["prometheus.yml", "compose.yml", "kubernetes.yml"];

    static CancellationToken Token => TestContext.Current.CancellationToken;

    static Dictionary<object, object> Job(string file) =>
        (Dictionary<object, object>)Assert.Single((List<object>)Assert.Single(Documents($"prometheus/{file}"))["scrape_configs"]);

    static IReadOnlyList<Dictionary<object, object>> Manifests(string kind) => [.. Documents("kubernetes/bellwether.yaml").Where(d => Text(d, "kind") == kind)];

    [Fact]
    public void Every_job_has_the_name_by_which_the_rules_know_it() => Assert.All(Configurations, file =>
    {
        Assert.Equal(("bellwether", "/metrics"), (Text(Job(file), "job_name"), Text(Job(file), "metrics_path")));
        Assert.Equal(["alerts.yml"], (List<object>)Documents($"prometheus/{file}")[0]["rule_files"]);
    });

    [Theory]
    [InlineData("prometheus.yml")]
    [InlineData("compose.yml")]
    public async Task Every_configuration_is_one_that_Prometheus_takes(string file)
    {
        var (code, output) = await Programs.RunAsync(Programs.Require("promtool", "prometheus"), "check", "config", "--syntax-only", Of("prometheus", file));
        Assert.True(code == 0, output);
    }

    /// <summary>Where the program wants a token, and everything beyond loopback does, the job brings one.</summary>
    [Theory]
    [InlineData("compose.yml")]
    [InlineData("kubernetes.yml")]
    public void Jobs_of_other_machines_carry_the_token(string file) =>
        Assert.Equal("/run/secrets/bellwether_token", Text(At(Job(file), "authorization"), "credentials_file"));

    [Fact]
    public void Pods_are_looked_for_where_they_are_and_may_be_listed()
    {
        var found = (Dictionary<object, object>)Assert.Single((List<object>)Job("kubernetes.yml")["kubernetes_sd_configs"]);
        Assert.Equal("pod", Text(found, "role"));
        var @namespace = $"{Assert.Single((List<object>)At(found, "namespaces")["names"])}";
        var label = Text((Dictionary<object, object>)Assert.Single((List<object>)found["selectors"]), "label")!.Split('=');
        Assert.All(Manifests("Deployment"), d =>
        {
            Assert.Equal(@namespace, Text(At(d, "metadata"), "namespace"));
            var pod = At(d, "spec", "template", "metadata");
            Assert.Equal(label[1], Text(At(pod, "labels"), label[0]));
            // A job that goes by annotations has no token: it would count every pod as down.
            Assert.DoesNotContain("annotations", pod.Keys);
        });
        var role = Assert.Single(Manifests("Role"));
        var rule = (Dictionary<object, object>)Assert.Single((List<object>)role["rules"]);
        Assert.Equal(["pods"], (List<object>)rule["resources"]);
        Assert.Equal(["get", "list", "watch"], (List<object>)rule["verbs"]);
        Assert.Equal(@namespace, Text(At(role, "metadata"), "namespace"));
        Assert.Equal(Text(At(role, "metadata"), "name"), Text(At(Assert.Single(Manifests("RoleBinding")), "roleRef"), "name"));
    }

    /// <summary>
    /// Debian's Prometheus is built without the discovery of Kubernetes, so what it would find is told to it: the targets, with the labels
    /// that it makes of the pods of the manifests. Everything behind that is real: the relabelling, the token, the scrape.
    /// </summary>
    [Fact]
    public async Task A_real_Prometheus_scrapes_the_pods_with_the_token_and_nothing_else()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(ScrapeTests), o => o with { Token = Secret });
        using (var refused = await desk.GetAsync("/metrics")) Assert.Equal(System.Net.HttpStatusCode.Unauthorized, refused.StatusCode);
        var address = desk.Server.Urls[0]["http://".Length..];
        var pods = Manifests("Deployment").Select(d => At(d, "spec", "template")).Select(t => Labels(t, "Running")).ToList();
        var ended = Labels(At(Manifests("Deployment")[0], "spec", "template"), "Succeeded");
        var sidecar = pods[0].ToDictionary();
        sidecar["__meta_kubernetes_pod_container_port_name"] = "admin";
        pods.AddRange([ended, sidecar]);

        var folder = TestFolder.Create("scrape");
        try
        {
            var token = Path.Combine(folder, "token");
            await File.WriteAllTextAsync(token, Secret + "\n", Token);
            var lines = (await File.ReadAllLinesAsync(Of("prometheus", "kubernetes.yml"), Token)).ToList();
            var from = lines.FindIndex(l => l.Contains("kubernetes_sd_configs:", StringComparison.Ordinal));
            var to = lines.FindIndex(l => l.Contains("relabel_configs:", StringComparison.Ordinal));
            lines.RemoveRange(from, to - from);
            lines.Insert(from, $"    static_configs: {JsonSerializer.Serialize(pods.Select(p => new { targets = new[] { address }, labels = p }))}");
            await using var prometheus = new RunningPrometheus(string.Join('\n', lines).Replace("/run/secrets/bellwether_token", token, StringComparison.Ordinal));

            while ((await prometheus.SamplesAsync("up")).Count < 3 || await prometheus.ValueAsync("sum(up)") != "3")
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, Token);
            var up = await prometheus.SamplesAsync("up{job=\"bellwether\"}");
            Assert.Equal(["api", "keeper", "worker"], up.Select(s => s.Labels.GetProperty("role").GetString()).Order());
            Assert.Equal(["pod-api", "pod-keeper", "pod-worker"], up.Select(s => s.Labels.GetProperty("pod").GetString()).Order());
            Assert.Equal(3, (await prometheus.DataAsync("targets?state=active")).GetProperty("activeTargets").GetArrayLength());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>What Prometheus knows of a pod before relabelling.</summary>
    static Dictionary<string, string> Labels(Dictionary<object, object> template, string phase)
    {
        var container = (Dictionary<object, object>)Assert.Single((List<object>)At(template, "spec")["containers"]);
        var port = (Dictionary<object, object>)Assert.Single((List<object>)container["ports"]);
        var labels = At(template, "metadata", "labels").ToDictionary(l => $"__meta_kubernetes_pod_label_{l.Key}", l => $"{l.Value}");
        labels["__meta_kubernetes_pod_name"] = $"pod-{labels["__meta_kubernetes_pod_label_role"]}";
        labels["__meta_kubernetes_pod_phase"] = phase;
        labels["__meta_kubernetes_pod_container_port_name"] = Text(port, "name")!;
        return labels;
    }
}
