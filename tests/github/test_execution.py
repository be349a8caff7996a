"""Queries are answered as the library itself would answer them from the same fields."""

from typing import Any

import pytest
from graphql import GraphQLResolveInfo, execute_sync, parse

from tests.github import graph
from tests.github.costs import Cost
from tests.github.shop import busy

LIMITS, SPENT = graph.Allowance(5000, 4999, 1, "2024-05-01T10:00:00Z"), Cost(points=1, nodes=2)

QUERIES = {
    "aliases, fragments and lists": """
        query Two($n: Int = 2, $with: Boolean!) {
          rateLimit { cost remaining resetAt nodeCount }
          a: repository(owner: "acme", name: "shop") { ...Whole }
          b: repository(owner: "acme", name: "shop") { ...Whole isEmpty owner { login ... on Node { id } } }
        }
        fragment Whole on Repository {
          pullRequests(first: $n, orderBy: {field: UPDATED_AT, direction: DESC}) {
            totalCount pageInfo { hasNextPage endCursor hasPreviousPage startCursor }
            edges { cursor node { number } }
            nodes {
              number state author { __typename login } headRepository { nameWithOwner } autoMergeRequest { enabledAt }
              reviews(first: 10) { nodes { fullDatabaseId databaseId state submittedAt commit { oid } } }
              reviewThreads(first: 10) { nodes { comments(first: 5) { totalCount nodes { ...Said replyTo { id } } } } }
              comments(first: 10) @include(if: $with) { nodes { author { ...Who ... on Bot { databaseId } } } }
              commits(first: 3) @skip(if: $with) { totalCount }
              reviewRequests(first: 3) { nodes { requestedReviewer { ... on Team { combinedSlug } ...Who } } }
              timelineItems(first: 20, itemTypes: [REVIEW_REQUESTED_EVENT, MERGED_EVENT, ISSUE_COMMENT]) {
                nodes { __typename ... on MergedEvent { createdAt actor { login } commit { oid } } ... on Node { id } }
              }
              closingIssuesReferences(first: 3) { nodes { number state labels(first: 2) { nodes { name } } } }
              milestone { title } mergeCommit { oid parents(first: 3) { totalCount } }
            }
          }
        }
        fragment Who on Actor { __typename login }
        fragment Said on PullRequestReviewComment { createdAt author { ...Who } }""",
    "work items": """
        query Work($with: Boolean!) {
          repository(owner: "acme", name: "shop") {
            issues(first: 10, states: [OPEN, CLOSED]) {
              nodes {
                number parent { number } subIssues(first: 5) { nodes { number } } subIssuesSummary { total completed }
                projectItems(first: 5) @include(if: $with) {
                  nodes {
                    project { title }
                    fieldValues(first: 9) {
                      nodes {
                        __typename
                        ... on ProjectV2ItemFieldSingleSelectValue { name field { ...Named } }
                        ... on ProjectV2ItemFieldIterationValue { title startDate duration }
                        ... on ProjectV2ItemFieldNumberValue { number }
                      }
                    }
                  }
                }
              }
            }
            deployments(first: 5) { nodes { state environment latestStatus { state } creator { login } } }
            releases(first: 5) { nodes { tagName isLatest tagCommit { oid } } }
            defaultBranchRef { name target { oid ... on Commit { history(first: 2) { totalCount } } } }
          }
        }
        fragment Named on ProjectV2FieldCommon { name dataType }""",
    "what is not there": """
        query Missing($with: Boolean!) {
          a: repository(owner: "acme", name: "none") { id }
          b: repository(owner: "acme", name: "shop") { pullRequest(number: 99) { id } name issue(number: 4) { id } }
          nodes(ids: ["nobody"]) { id }
          node(id: "nobody") { __typename @include(if: $with) id }
        }""",
}


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("flag", [True, False])
def test_answers_equal_those_of_the_library(name: str, flag: bool):  # noqa: FBT001
    world, _ = busy()
    resolve = graph.resolver(world, LIMITS, SPENT)

    def field(item: Any, info: GraphQLResolveInfo, **args: Any) -> Any:
        return resolve(info.parent_type.name, info.field_name, item, args)

    expected = execute_sync(
        graph.schema(),
        parse(QUERIES[name]),
        {"__typename": "Query"},
        variable_values={"with": flag},
        field_resolver=field,
    )
    answered = graph.answer(world, QUERIES[name], {"with": flag}, LIMITS, SPENT)
    assert answered["data"] == expected.data
    assert sorted(map(_told, answered.get("errors", []))) == sorted(
        _told(graph.shown(e)) for e in expected.errors or []
    )


def _told(error: dict[str, Any]) -> tuple[str, str, str]:
    return str(error["path"]), error["message"], str(error.get("type"))


def test_a_null_where_none_may_be_takes_the_nearest_optional_field_with_it():
    world, repository = busy()
    repository["_pulls"][1]["title"] = None
    text = """{ repository(owner: "acme", name: "shop") { name pullRequest(number: 1) { number title } } }"""
    answered = graph.answer(world, text, {}, LIMITS, SPENT)
    assert answered["data"] == {"repository": {"name": "shop", "pullRequest": None}}
    assert [error["path"] for error in answered["errors"]] == [["repository", "pullRequest", "title"]]


def test_a_variable_of_the_wrong_type_is_refused():
    world, _ = busy()
    text = 'query ($n: Int!) { repository(owner: "acme", name: "shop") { pullRequest(number: $n) { number } } }'
    answered = graph.answer(world, text, {"n": "many"}, LIMITS, SPENT)
    assert answered["data"] is None
    assert "$n" in answered["errors"][0]["message"]
