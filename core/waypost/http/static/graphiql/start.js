// Puts GraphiQL on the page. What differs between graphs stands in the data attributes of #graphiql.
"use strict";

(() => {
  const root = document.getElementById("graphiql");
  const { endpoint, example, query, variables } = root.dataset;

  async function ask(parameters, options) {
    const response = await fetch(endpoint, {
      method: "POST",
      credentials: "omit",
      headers: {
        Accept: "application/graphql-response+json, application/json",
        "Content-Type": "application/json",
        ...(options && options.headers),
      },
      body: JSON.stringify(parameters),
    });
    return response.json();
  }

  // All graphs of one host share the browser's storage; the endpoint keeps their tabs and histories apart.
  const own = (key) => `${endpoint} ${key}`;
  const storage = {
    getItem: (key) => localStorage.getItem(own(key)),
    setItem: (key, value) => localStorage.setItem(own(key), value),
    removeItem: (key) => localStorage.removeItem(own(key)),
    clear: () => {
      for (const key of Object.keys(localStorage)) {
        if (key.startsWith(own(""))) localStorage.removeItem(key);
      }
    },
    get length() {
      return Object.keys(localStorage).filter((key) => key.startsWith(own(""))).length;
    },
  };

  ReactDOM.createRoot(root).render(
    React.createElement(GraphiQL, {
      fetcher: ask,
      defaultQuery: example,
      query: query || undefined,
      variables: variables || undefined,
      storage,
      shouldPersistHeaders: false, // a token does not belong into the browser's storage
    }),
  );
})();
