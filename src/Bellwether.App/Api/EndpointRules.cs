using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace Bellwether.App.Api;

/// <summary>Rules of all endpoints under /api.</summary>
static class EndpointRules
{
    /// <summary>
    /// A query parameter that does not exist is an error: a misspelt <c>asOf</c> that were ignored would show the future to a backtest.
    /// </summary>
    public static TBuilder RefuseUnknownQuery<TBuilder>(this TBuilder endpoints) where TBuilder : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilterFactory((context, next) =>
        {
            var known = context.MethodInfo.GetParameters().SelectMany(Flat).Where(IsQuery).Select(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name!)).ToArray();
            var allowed = known.Length == 0 ? "there are no query parameters here" : $"allowed are {string.Join(", ", known)}";
            // A handler that checks more tells all that is wrong at once.
            var goesOn = context.MethodInfo.GetParameters().Any(p => p.ParameterType == typeof(RequestCheck));
            return call =>
            {
                var check = call.HttpContext.RequestServices.GetRequiredService<RequestCheck>();
                foreach (var (name, values) in call.HttpContext.Request.Query)
                    if (!known.Contains(name, StringComparer.OrdinalIgnoreCase)) check.Fail(name, null, $"is not a parameter of this request; {allowed}");
                    else if (values.Count > 1) check.Fail(name, values, $"is given {values.Count} times; give it once");
                return check.Failed && !goesOn ? new(check.Problem()) : next(call);
            };
        });

    static IEnumerable<ParameterInfo> Flat(ParameterInfo parameter) =>
        parameter.IsDefined(typeof(AsParametersAttribute)) ? parameter.ParameterType.GetConstructors()[0].GetParameters() : [parameter];

    static bool IsQuery(ParameterInfo parameter) =>
        parameter.ParameterType == typeof(string) && !parameter.IsDefined(typeof(FromRouteAttribute));

    /// <summary>Refuses a request whose Accept header has no place for anything that these endpoints answer.</summary>
    public static TBuilder Answers<TBuilder>(this TBuilder endpoints, params string[] types) where TBuilder : IEndpointConventionBuilder
    {
        var offered = types.Select(type => new MediaTypeHeaderValue(type)).ToArray();
        var named = string.Join(" or ", types);
        return endpoints.AddEndpointFilterFactory((_, next) => call =>
            offered.Any(type => Accepts(call.HttpContext.Request, type))
                ? next(call)
                : new(Problems.Result(406, ProblemKind.NotAcceptable, "The answer has another form", $"This path answers with {named}.",
                    Problems.Error("Accept", call.HttpContext.Request.Headers.Accept, $"must allow {named}"))));
    }

    /// <summary>HEAD is answered as GET is, without the body.</summary>
    public static TBuilder AnswersHead<TBuilder>(this TBuilder endpoints) where TBuilder : IEndpointConventionBuilder
    {
        endpoints.Add(endpoint =>
        {
            if (endpoint.Metadata.OfType<HttpMethodMetadata>().LastOrDefault() is { HttpMethods: ["GET"] } get)
                endpoint.Metadata[endpoint.Metadata.IndexOf(get)] = new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]);
        });
        return endpoints;
    }

    static bool Accepts(HttpRequest request, MediaTypeHeaderValue offered)
    {
        var header = request.Headers.Accept;
        if (header.Count == 0 || !MediaTypeHeaderValue.TryParseList(header, out var accepted)) return true;
        return accepted.Any(a => a.Quality is not 0
            && (offered.IsSubsetOf(new MediaTypeHeaderValue(a.MediaType)) || a.MediaType == "application/problem+json"));
    }

    static TBuilder AddEndpointFilterFactory<TBuilder>(
        this TBuilder endpoints, Func<EndpointFilterFactoryContext, EndpointFilterDelegate, EndpointFilterDelegate> factory)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoints.Add(endpoint => endpoint.FilterFactories.Add(factory));
        return endpoints;
    }
}
